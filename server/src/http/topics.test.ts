import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from './refusal.ts'
import { readTopics } from './topics.ts'

test('no topic means lobby', () => {
  assert.deepEqual(readTopics(undefined), ['lobby'])
})

test('equal sets of topics look equal, whatever their order and doubles', () => {
  assert.deepEqual(readTopics(['b', 'a', 'b']), readTopics(['a', 'b']))
})

test('32 topics are taken, 33 are not', () => {
  const topics = Array.from({ length: 33 }, (_, index) => `t${index}`)

  assert.equal(readTopics(topics.slice(1)).length, 32)
  assert.throws(() => readTopics(topics), Refusal)
})

for (const topic of ['', 'a b', 'ä', 'a\n', 'x'.repeat(257), { a: '1' }]) {
  test(`topic ${JSON.stringify(topic).slice(0, 20)} is refused`, () => {
    assert.throws(() => readTopics(topic), /topic/)
  })
}

test('every character of the rule is taken', () => {
  const topic = 'AZaz09._~:/@%-'

  assert.deepEqual(readTopics(topic), [topic])
})
