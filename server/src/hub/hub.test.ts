import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeConnection, TextConnection } from '../../test/support/fake-connection.ts'
import { Hub, type Connection } from './hub.ts'

const event = (id: string, topic = 'a') => ({ id, topic, data: 'x', bytes: 50 })
const tail = { eventsMax: 1000, bytesMax: 1_000_000 }

function withoutLog(): Hub {
  // A clock that stands still but for its being looked at: a turn is long after ten writes.
  let time = 0
  return new Hub({ log: undefined, tail, pieceBytesMax: 1000, turn: { longMs: 10, now: () => (time += 1) } })
}

function joined(hub: Hub, ...topics: string[]): TextConnection {
  const connection = new TextConnection()
  hub.open(topics, undefined, () => connection)
  return connection
}

/** A connection that keeps the buffers themselves: who else got the same ones shows. */
function keeping(buffers: Buffer[]): Connection {
  const connection = new FakeConnection()
  connection.onWrite = frames => void buffers.push(frames)
  return connection
}

test('a connection gets the events of its topics, in the order of the batch', async () => {
  const hub = withoutLog()
  const [a, b, both] = [joined(hub, 'a'), joined(hub, 'b'), joined(hub, 'a', 'b')]

  await hub.deliver([event('1', 'a'), event('2', 'b'), event('3', 'a'), event('4', 'c')])

  assert.deepEqual([a.ids, b.ids, both.ids], [['1', '3'], ['2'], ['1', '2', '3']])
  assert.equal(hub.stats.delivered, 6)
})

test('connections with the same topics get the same buffer', async () => {
  const hub = withoutLog()
  const buffers: Buffer[] = []
  hub.open(['a'], undefined, () => keeping(buffers))
  hub.open(['a'], undefined, () => keeping(buffers))

  await hub.deliver([event('1')])

  assert.equal(buffers.length, 2)
  assert.equal(buffers[0], buffers[1])
})

test('sets of topics that want the same events get the same buffer, and it is made once', async () => {
  const hub = withoutLog()
  const buffers: Buffer[] = []
  for (let user = 0; user < 1000; user += 1)
    hub.open(['lobby', `user-${user}`], undefined, () => keeping(buffers))

  await hub.deliver([event('1', 'lobby'), event('2', 'lobby'), event('3', 'user-7')])

  const distinct = [...new Set(buffers)].map(buffer => [...buffer.toString().matchAll(/^id: /gm)].length)
  assert.equal(buffers.length, 1000)
  assert.deepEqual(new Set(distinct), new Set([2, 3]))
  assert.equal(distinct.length, 2)
})

test('a connection that joins while a batch is written gets the next batch, and not half of this one', async () => {
  const hub = withoutLog()
  const [first] = Array.from({ length: 1000 }, () => joined(hub, 'a'))
  const late = new TextConnection()
  assert.ok(first)
  first.onWrite = () => {
    first.onWrite = () => undefined
    hub.open(['a'], undefined, () => late)
  }

  await hub.deliver([event('1'), event('2')])
  await hub.deliver([event('3')])

  assert.deepEqual(late.ids, ['3'])
})

test('a heartbeat that falls due while a batch is written comes after it on every connection', async () => {
  const hub = withoutLog()
  const connections = Array.from({ length: 1000 }, () => joined(hub, 'a'))
  const [first] = connections
  assert.ok(first)
  let heartbeat: Promise<void> | undefined
  first.onWrite = () => {
    heartbeat ??= hub.heartbeat()
  }

  await hub.deliver([event('1')])
  await heartbeat
  await hub.deliver([event('2')])

  const expected = 'id: 1\ndata: x\n\nevent: heartbeat\ndata:\n\nid: 2\ndata: x\n\n'
  assert.deepEqual(new Set(connections.map(connection => connection.text)), new Set([expected]))
})

test('writing to many connections lets other work in between', async () => {
  const hub = withoutLog()
  for (let count = 0; count < 1000; count += 1) joined(hub, 'a')
  let turns = 0
  const count = () => {
    turns += 1
    immediate = setImmediate(count)
  }
  let immediate = setImmediate(count)

  await hub.deliver([event('1')])

  clearImmediate(immediate)
  assert.ok(turns >= 3, `${turns} turns of the event loop`)
})

test('what leaves is forgotten, however often it leaves', () => {
  const hub = withoutLog()
  const leaves = Array.from({ length: 100 }, (_, index) =>
    hub.open([`t${index % 10}`, 'z'], undefined, () => new FakeConnection()),
  )
  assert.deepEqual([hub.connections, hub.topics], [100, 11])

  for (const leave of [...leaves, ...leaves]) leave()

  assert.deepEqual([hub.connections, hub.topics, hub.all()], [0, 0, []])
})

test('what a connection did not take is not counted as delivered', async () => {
  const hub = withoutLog()
  const full = new FakeConnection()
  full.takes = false
  hub.open(['a'], undefined, () => full)

  await hub.deliver([event('1')])

  assert.equal(hub.stats.delivered, 0)
})

test('a connection whose write throws is dropped, and costs the others nothing', async () => {
  const errors: unknown[] = []
  const hub = new Hub({ log: undefined, tail, pieceBytesMax: 1000, onError: error => errors.push(error) })
  const broken = new FakeConnection()
  broken.onWrite = () => {
    throw new Error('broken socket')
  }
  hub.open(['a'], undefined, () => broken)
  const other = joined(hub, 'a')

  await hub.deliver([event('1')])
  await hub.heartbeat()
  await hub.deliver([event('2')])

  assert.deepEqual(other.ids, ['1', '2'])
  assert.equal(hub.stats.delivered, 2)
  assert.deepEqual(new Set(broken.closed), new Set(['failed']))
  assert.match(String(errors[0]), /broken socket/)
})

test('an event whose id or type would forge a field is not written, and the others are', async () => {
  const errors: unknown[] = []
  const hub = new Hub({ log: undefined, tail, pieceBytesMax: 1000, onError: error => errors.push(error) })
  const connection = joined(hub, 'a')

  await hub.deliver([
    event('1'),
    event('2\nid: 9'),
    { ...event('3'), type: 'x\revent: hello' },
    { ...event('4'), type: 'x\0' },
    event('5'),
  ])

  assert.deepEqual(connection.ids, ['1', '5'])
  assert.doesNotMatch(connection.text, /event:/)
  assert.equal(errors.length, 3)
})

test('where all streams together hold too much, the fullest go, and no more of them than must', () => {
  const hub = withoutLog()
  const held = [10, 500, 300, 0, 200].map(unsentBytes => Object.assign(joined(hub, 'a'), { unsentBytes }))
  const dropped = () => held.filter(({ closed }) => closed.length > 0).map(({ unsentBytes }) => unsentBytes)

  hub.sweep(0)
  hub.sweep(0, 1010)
  assert.deepEqual(dropped(), [])

  hub.sweep(0, 400)
  assert.deepEqual(dropped(), [500, 300])
  assert.deepEqual(held[1]?.closed, ['slow-reader'])
})
