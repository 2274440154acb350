import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from './limits.ts'
import { OptionsError, readOptions } from './options.ts'

test('without options a process is on its own, with the documented defaults', () => {
  const { redis, bus, heartbeatMs, retryMsMin, retryMsMax, streamMs, eventBytesMax } = readOptions({})

  assert.deepEqual([redis, bus], [undefined, 'memory'])
  assert.deepEqual(
    [heartbeatMs, retryMsMin, retryMsMax, streamMs, eventBytesMax],
    [15_000, 1000, 5000, 1_800_000, 65_536],
  )
})

test('with Redis the bus is the log', () => {
  assert.equal(readOptions({ redis: 'redis://localhost' }).bus, 'streams')
})

const wrong: [what: string, options: object, says: RegExp][] = [
  ['a time as text', { heartbeatMs: '15s' }, /heartbeatMs must be an integer 0-2147483647 \(got '15s'\)/],
  [
    'a time that no timer can wait',
    { streamMs: 2 ** 31 },
    /streamMs must be an integer .*\(got 2147483648\)/,
  ],
  ['half an event', { eventBytesMax: 1000.5 }, /eventBytesMax must be an integer/],
  ['an unknown option', { heartbeat: 1 }, /there is no option heartbeat/],
  ['a bus that needs Redis', { bus: 'streams' }, /redis is missing \(bus streams needs it/],
  [
    'an origin with a path',
    { corsOrigins: ['https://a.example/b'] },
    /corsOrigins\.0 must be an origin like/,
  ],
  ['a log that is none', { log: {} }, /log must have debug, info, warn and error/],
  ['an authorize that is none', { authorize: true }, /authorize must be a function/],
  [
    'limits that disagree',
    { retryMsMin: 9000 },
    /retryMsMin must be at most retryMsMax \(got 9000, at most 5000\)/,
  ],
]
for (const [what, options, says] of wrong) {
  test(`${what} is refused by name, with what it must be`, () => {
    assert.throws(() => readOptions(options), { name: 'OptionsError', message: says })
  })
}

test('all that is wrong is said at once, and never the password of Redis', () => {
  let said = ''
  try {
    readOptions({ redis: 'http://user:s3cret@redis', drainMs: -1, instance: -1 })
  } catch (error) {
    said = error instanceof OptionsError ? error.message : ''
  }

  for (const name of ['redis', 'drainMs', 'instance']) assert.match(said, new RegExp(`${name} must be`))
  assert.doesNotMatch(said, /s3cret/)
})

test('every limit has a default within its bounds', () => {
  for (const [name, [min, max, fallback]] of Object.entries(limits))
    assert.ok(min <= fallback && fallback <= max, name)
})
