import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lags, sharingOf } from './lags.ts'
import type { Recording } from './observations.ts'

/** A stream of events, each with the time at which it came. */
function stream(openedAtMs: number, ...events: [atMs: number, data: string][]): Recording {
  return {
    side: 'through',
    kind: 'plain',
    openedAtMs,
    headersAtMs: openedAtMs,
    status: 200,
    headers: {},
    wire: [],
    pieces: events.map(([atMs, data]) => ({ atMs, bytes: Buffer.from(`data: ${data}\n\n`) })),
  }
}

test('events are shared when a younger stream gets them at the same moment, and own when they begin with each stream', () => {
  const plain = stream(0, [1000, 'a'], [3000, 'b'])

  assert.equal(sharingOf([plain], [stream(1500, [3010, 'b'])]), 'shared')
  assert.equal(sharingOf([plain], [stream(1500, [2500, 'a'], [4500, 'b'])]), 'own')
  assert.equal(
    sharingOf([stream(0, [1000, 'ping'], [3000, 'ping'])], [stream(1500, [3000, 'ping'])]),
    'unknown',
  )
  assert.equal(sharingOf([plain], []), 'shared')
})

test('the same event on both sides is compared by its time', () => {
  assert.deepEqual(lags([stream(0, [1210, 'a'])], [stream(0, [1000, 'a'])], 5000), [
    { lagMs: 210, arrived: true },
  ])
})

test('one that has not come is as late as it was awaited', () => {
  const found = lags([stream(0, [1000, 'a'])], [stream(0, [1000, 'a'], [2000, 'b'])], 5000)

  assert.deepEqual(found[1], { lagMs: 3000, arrived: false })
})

test('one that was sent when the streams had ended is not awaited, and one before only until they ended', () => {
  const ended = { ...stream(0, [1000, 'a']), end: { atMs: 2500, how: 'cut' as const } }
  const found = lags([ended], [stream(0, [1000, 'a'], [2000, 'b'], [3000, 'c'])], 5000)

  assert.deepEqual(found.slice(1), [{ lagMs: 500, arrived: false }])
})

test('one that was sent while streams were opening is nobody’s fault', () => {
  const found = lags([stream(0, [1000, 'b'])], [stream(0, [100, 'a'], [1000, 'b'])], 5000)

  assert.equal(found.length, 1)
})

test('what any stream of a side got has come through', () => {
  const through = [stream(0, [1000, 'a']), stream(0, [2000, 'b'])]

  assert.ok(lags(through, [stream(0, [1000, 'a'], [2000, 'b'])], 5000).every(({ lagMs }) => lagMs === 0))
})

test('the same text again and again is compared in its order', () => {
  const found = lags(
    [stream(0, [1050, 'tick'], [2060, 'tick'])],
    [stream(0, [1000, 'tick'], [2000, 'tick'])],
    5000,
  )

  assert.deepEqual(found, [
    { lagMs: 50, arrived: true },
    { lagMs: 60, arrived: true },
  ])
})

test('events that no other stream has are compared by their place, from the opening of their stream', () => {
  const found = lags([stream(100, [1120, 'x'], [2120, 'y'])], [stream(0, [1000, 'a'], [2000, 'b'])], 5000)

  assert.deepEqual(found, [
    { lagMs: 20, arrived: true },
    { lagMs: 20, arrived: true },
  ])
})

test('what is missing before an event that came went elsewhere: a buffer keeps the order', () => {
  const found = lags([stream(0, [2000, 'b'])], [stream(0, [1000, 'a'], [2000, 'b'])], 5000)

  assert.deepEqual(found, [{ lagMs: 0, arrived: true }])
})

test('with nothing at all on one side, everything is missing there', () => {
  assert.deepEqual(lags([stream(0)], [stream(0, [50, 'hello'])], 3000), [{ lagMs: 2950, arrived: false }])
})
