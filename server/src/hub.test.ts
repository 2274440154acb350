import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hub, type Connection } from './hub.ts'

class FakeConnection implements Connection {
  text = ''
  onWrite: () => void = () => undefined

  write(frames: Buffer): boolean {
    this.text += frames.toString()
    this.onWrite()
    return true
  }

  sweep(): void {}
  end(): void {}

  get ids(): string[] {
    return [...this.text.matchAll(/^id: (.*)$/gm)].map(match => match[1] ?? '')
  }
}

const event = (id: string, topic = 'a') => ({ id, topic, data: 'x' })

function joined(hub: Hub, ...topics: string[]): FakeConnection {
  const connection = new FakeConnection()
  hub.join(topics, connection)
  return connection
}

test('a connection gets the events of its topics, in the order of the batch', async () => {
  const hub = new Hub()
  const [a, b, both] = [joined(hub, 'a'), joined(hub, 'b'), joined(hub, 'a', 'b')]

  await hub.deliver([event('1', 'a'), event('2', 'b'), event('3', 'a'), event('4', 'c')])

  assert.deepEqual([a.ids, b.ids, both.ids], [['1', '3'], ['2'], ['1', '2', '3']])
  assert.equal(hub.delivered, 6)
})

test('connections with the same topics get the same buffer', async () => {
  const hub = new Hub()
  const buffers: Buffer[] = []
  const connection = () => ({ write: (frames: Buffer) => buffers.push(frames) > 0, sweep() {}, end() {} })
  hub.join(['a'], connection())
  hub.join(['a'], connection())

  await hub.deliver([event('1')])

  assert.equal(buffers.length, 2)
  assert.equal(buffers[0], buffers[1])
})

test('a connection that joins while a batch is written gets the next batch, and not half of this one', async () => {
  const hub = new Hub()
  const [first] = Array.from({ length: 1000 }, () => joined(hub, 'a'))
  const late = new FakeConnection()
  assert.ok(first)
  first.onWrite = () => {
    first.onWrite = () => undefined
    hub.join(['a'], late)
  }

  await hub.deliver([event('1'), event('2')])
  await hub.deliver([event('3')])

  assert.deepEqual(late.ids, ['3'])
})

test('a heartbeat that falls due while a batch is written comes after it on every connection', async () => {
  const hub = new Hub()
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
  const hub = new Hub()
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
  const hub = new Hub()
  const leaves = Array.from({ length: 100 }, (_, index) =>
    hub.join([`t${index % 10}`, 'z'], new FakeConnection()),
  )
  assert.deepEqual([hub.connections, hub.topics], [100, 11])

  for (const leave of [...leaves, ...leaves]) leave()

  assert.deepEqual([hub.connections, hub.topics, hub.all()], [0, 0, []])
})

test('what a connection did not take is not counted as delivered', async () => {
  const hub = new Hub()
  hub.join(['a'], { write: () => false, sweep() {}, end() {} })

  await hub.deliver([event('1')])

  assert.equal(hub.delivered, 0)
})
