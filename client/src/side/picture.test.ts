import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lane } from './lanes.ts'
import { placeDots } from './picture.ts'
import type { SideStream } from './streams.ts'

const lanes = ['a/0', 'a/1', 'a/2', 'a/3'].map(key => ({ key }))

function stream(number: number, instance: number, state: SideStream['state'] = 'open'): SideStream {
  const hello = { worker: `a/ffff/${instance}`, instance, pid: 1, bus: 'streams', heartbeatMs: 0 }
  return { number, state, hello, heardAtMs: 0, beatAtMs: undefined, openings: 1 }
}

test('a stream stands under its worker, within its lane', () => {
  const streams = Array.from({ length: 24 }, (_, n) => stream(n, n % 4))

  const dots = placeDots(streams, lanes, new Map())

  for (const { stream: number, lane, left, top } of dots) {
    assert.equal(lane, `a/${number % 4}`)
    assert.ok(left > 25 * (number % 4) && left < 25 * (number % 4) + 25, `${number} at ${left}`)
    assert.ok(top > 0 && top < 100)
  }
  assert.equal(new Set(dots.map(({ left, top }) => `${left} ${top}`)).size, 24, 'no two in one place')
})

test('all of them fit under one worker', () => {
  const streams = Array.from({ length: 24 }, (_, n) => stream(n, 2))

  const dots = placeDots(streams, lanes, new Map())

  assert.ok(dots.every(({ lane, left, top }) => lane === 'a/2' && left > 50 && left < 75 && top < 100))
  assert.equal(new Set(dots.map(({ left, top }) => `${left} ${top}`)).size, 24)
})

test('how it looks: what became of the last event, unless it is away or has given up', () => {
  const streams = [stream(1, 0), stream(2, 0), stream(3, 0, 'reconnecting'), stream(4, 0, 'dead')]

  const dots = placeDots(streams, lanes, new Map([1, 3, 4].map(number => [number, 'lost'])))

  assert.deepEqual(
    dots.map(({ look }) => look),
    ['lost', 'new', 'away', 'dead'],
  )
})

test('before any worker is known streams have a place, too', () => {
  const none: Pick<Lane, 'key'>[] = []

  assert.equal(
    placeDots([{ ...stream(1, 0), hello: undefined, state: 'opening' }], none, new Map()).length,
    1,
  )
})
