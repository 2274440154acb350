import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Batching } from './batching.ts'

/** When each event of a log is read, in ms, for events that were published at these times. */
function readTimes(batchMs: number, published: readonly number[]): number[] {
  let now = 0
  const batching = new Batching(batchMs, () => now)
  const reads: number[] = []
  while (reads.length < published.length) {
    const next = published[reads.length] ?? 0
    now = Math.max(now, next)
    const count = published.filter(at => at <= now).length - reads.length
    reads.push(...Array.from({ length: count }, () => now))
    now += batching.after(count)
  }
  return reads
}

const every = (ms: number) => Array.from({ length: 100 }, (_, n) => n * ms)

test('events that follow each other slowly are read at once', () => {
  const published = every(20)
  assert.deepEqual(readTimes(10, published), published)
})

test('events that follow each other quickly are read together, and none more than batchMs late', () => {
  const published = every(2)
  const times = readTimes(10, published)
  assert.ok(new Set(times).size <= 22, String(new Set(times).size))
  assert.ok(times.every((time, n) => time - (published[n] ?? 0) <= 10))
})

test('without batchMs nothing waits', () => {
  const published = [0, 0, 0, 1, 1, 2]
  assert.deepEqual(readTimes(0, published), published)
})
