import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Worker } from '../lab/workers.ts'
import { Lanes } from './lanes.ts'
import type { SideStream } from './streams.ts'

function worker(name: string, pid: number, ready = true): Worker {
  const [host = '', , instance = ''] = name.split('/')
  const figures = {
    connections: 0,
    delivered: 0,
    published: 0,
    busLagMs: null,
    eventLoopDelayMs: 0,
    rssBytes: 1,
  }
  return { worker: name, instance: Number(instance), pid, host, bus: 'streams', ready, ...figures }
}

function stream(name: string, pid: number): SideStream {
  const hello = { worker: name, instance: Number(name.split('/')[2]), pid, bus: 'streams', heartbeatMs: 0 }
  return { number: 1, state: 'open', hello, heardAtMs: 0, beatAtMs: undefined, openings: 1 }
}

const states = (lanes: Lanes) => lanes.all.map(({ label, state }) => `${label} ${state}`)

test('a worker that leaves the list keeps its lane for its successor, and for half a minute', () => {
  const lanes = new Lanes()
  const both = [worker('a/f1/0', 10), worker('a/f1/1', 11)]
  lanes.update(both, [], 0)

  lanes.update(both.slice(0, 1), [], 1000)
  const gone = states(lanes)
  lanes.update([...both.slice(0, 1), worker('a/f1/1', 12)], [], 2000)
  const back = states(lanes)
  lanes.update(both.slice(0, 1), [], 3000)
  lanes.update(both.slice(0, 1), [], 40_000)

  assert.deepEqual(gone, ['0 ready', '1 gone'])
  assert.deepEqual(back, ['0 ready', '1 ready'])
  assert.deepEqual(states(lanes), ['0 ready'])
})

test('who was killed by this page is gone at once, whatever an old list and an open stream still say', () => {
  const lanes = new Lanes()
  const [dying, next] = [worker('a/f1/0', 10), worker('a/f1/0', 99)]
  lanes.update([dying], [stream('a/f1/0', 10)], 0)

  lanes.strike('a/f1/0 10')
  lanes.update([dying], [stream('a/f1/0', 10)], 10)
  const struck = states(lanes)
  lanes.update([dying], [stream('a/f1/0', 99)], 20)
  const heard = states(lanes)
  lanes.update([next], [stream('a/f1/0', 10)], 30)

  assert.deepEqual(struck, ['0 gone'])
  assert.deepEqual(heard, ['0 ready'], 'its successor said hello')
  assert.deepEqual(states(lanes), ['0 ready'])
})

test('a server that starts anew has another name, and the same lanes', () => {
  const lanes = new Lanes()
  lanes.update([worker('a/f1/0', 10), worker('a/f1/1', 11)], [], 0)

  lanes.update([worker('a/f2/0', 20), worker('a/f2/1', 21)], [], 1000)

  assert.deepEqual(states(lanes), ['0 ready', '1 ready'])
})

test('workers of several hosts are told apart by a letter', () => {
  const lanes = new Lanes()

  lanes.update([worker('b/f2/0', 20), worker('a/f1/0', 10, false)], [], 0)

  assert.deepEqual(states(lanes), ['a0 starting', 'b0 ready'])
})
