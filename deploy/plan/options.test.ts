import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OptionError, readOptions } from './options.ts'

const enough = ['--streams', '1M', '--topics', '2.5k', '--rate', '0.5']

test('three fields are enough, and k and M are understood', () => {
  const { question, json } = readOptions(enough)

  assert.deepEqual(
    [question.streams, question.topics, question.eventsPerSecond, question.eventBytes],
    [1_000_000, 2500, 0.5, 120],
  )
  assert.equal(json, false)
})

test('the tables and the constants need no question', () => {
  assert.ok(readOptions(['--steps']).steps)
  assert.ok(readOptions(['--constants', '--json']).constants)
})

const wrong: [string[], RegExp][] = [
  [[], /--streams is missing: give how many .* like --streams 1M; --topics is missing.*; --rate is missing/],
  [[...enough, '--streams', '0'], /--streams must be .* from 1 to 100000000, like 1M \(got 0\)/],
  [[...enough, '--streams', '1.5'], /--streams must be .* a whole number/],
  [[...enough, '--streams', '10 000'], /--streams must be .*\(got 10 000\)/],
  [[...enough, '--streams', '1e6'], /--streams must be .*\(got 1e6\)/],
  [[...enough, '--topics', '10G'], /--topics must be .*\(got 10G\)/],
  [[...enough, '--rate=-1'], /--rate must be .*\(got -1\)/],
  [[...enough, '--bytes', '2M'], /--bytes must be .* to 1048576/],
  [[...enough, '--cores', 'many'], /--cores must be/],
  [[...enough, '--memory', '0.5'], /--memory must be/],
  [[...enough, '--nope'], /--nope/],
  [[...enough, 'more'], /more/],
]
for (const [args, message] of wrong) {
  test(`${JSON.stringify(args.slice(-2))} is refused: ${message.source}`, () => {
    assert.throws(
      () => readOptions(args),
      error => error instanceof OptionError && message.test(error.message),
    )
  })
}
