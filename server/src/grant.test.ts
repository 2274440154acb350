import assert from 'node:assert/strict'
import { test } from 'node:test'
import { covers, readGrant } from './grant.ts'

const rows: [entry: string, covered: string[], not: string[]][] = [
  ['a', ['a'], ['ab', 'a/b', 'A', '%61']],
  ['a/*', ['a/b', 'a/b/c', 'a/../b'], ['a', 'a/', 'ab/c', '%61/b', 'b/a/c']],
  ['a/b/*', ['a/b/c'], ['a/b', 'a/c', 'a/bc']],
  ['*', ['a', 'a/b', '~'], []],
]
for (const [entry, covered, not] of rows) {
  test(`${entry} covers ${covered.join(' ')}${not.length > 0 ? `, and none of ${not.join(' ')}` : ''}`, () => {
    for (const topic of covered) assert.ok(covers([entry], topic), topic)
    for (const topic of not) assert.ok(!covers([entry], topic), topic)
  })
}

test('a grant without entries allows nothing', () => {
  const { subscribe = [], publish = [] } = readGrant({})

  assert.ok(!covers(subscribe, 'a') && !covers(publish, 'a'))
})

for (const bad of ['', 'a b', 'a*', '*/a', 'a/*/b', '/*', '**', 5, undefined]) {
  test(`a grant with the entry ${JSON.stringify(bad)} is refused whole`, () => {
    assert.throws(() => readGrant({ subscribe: ['a', bad] }), /grant: subscribe\.1 must be a topic/)
  })
}

test('a grant that is none is refused', () => {
  for (const none of [null, 'a', { subscribe: '*' }]) assert.throws(() => readGrant(none), TypeError)
})

test('a grant that cannot change any more is read once', () => {
  const grant = Object.freeze({ subscribe: Object.freeze(['a']), watch: () => () => undefined })

  assert.equal(readGrant(grant), readGrant(grant))
})

test('a grant whose list may change is read anew', () => {
  const subscribe = ['a']
  const grant = Object.freeze({ subscribe })
  readGrant(grant)
  subscribe.push('b c')

  assert.throws(() => readGrant(grant), /grant: subscribe\.1 must be a topic/)
})
