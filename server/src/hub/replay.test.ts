import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createParser } from 'eventsource-parser'
import { until } from '@sse-lab/testkit/wait.ts'
import { compareIds, isId } from '../bus/streams/ids.ts'
import { FakeConnection } from '../../test/support/fake-connection.ts'
import { Hub } from './hub.ts'
import { BusAway } from '../bus/errors.ts'

/** The client at the other end of a connection. `stop`: what is written waits until it reads on. */
class Client extends FakeConnection {
  seen: string[] = []
  writes = 0
  #room: (() => void) | undefined
  #stopped = false
  readonly #parser = createParser({
    onEvent: it => this.seen.push(it.event === undefined ? String(it.id) : `${it.event} ${it.id}`),
    onComment: () => this.seen.push('comment'),
  })

  override write(frames: Buffer): boolean {
    this.writes += 1
    const taken = super.write(frames)
    if (taken) this.#parser.feed(frames.toString())
    return taken
  }

  override async room(): Promise<void> {
    if (this.#stopped) await new Promise<void>(resolve => (this.#room = resolve))
    else await super.room()
  }

  stop(): void {
    this.#stopped = true
  }

  readOn(): void {
    this.#stopped = false
    this.#room?.()
  }
}

type Options = { eventsMax?: number; pieceBytesMax?: number; lastId?: () => Promise<string> }

async function hubWith(
  ids: string[],
  { eventsMax = 1000, pieceBytesMax = 100_000, lastId }: Options = {},
): Promise<Hub> {
  const log = {
    isId,
    compare: compareIds,
    lastId: lastId ?? (async () => hub.position ?? '0-0'),
  }
  const hub: Hub = new Hub({
    log,
    tail: { eventsMax, bytesMax: 1_000_000 },
    pieceBytesMax,
    turn: { now: () => 0 },
  })
  await hub.gap('0-0') // tells where the log starts, before there are streams
  if (ids.length > 0) await hub.deliver(ids.map(id => event(id)))
  return hub
}

function event(id: string, topic = 'a') {
  return { id, topic, data: 'x', bytes: 20 }
}

/** Opens as stream.ts does, which sends hello and the gap itself. */
function joined(hub: Hub, lastEventId: string | undefined, topics = ['a'], client = new Client()): Client {
  hub.open(topics, lastEventId, ({ position, gap }) => {
    if (gap !== '') client.seen.push(`gap ${position}`)
    return client
  })
  return client
}

test('a client that comes back gets what it missed, and then what comes', async () => {
  const hub = await hubWith(['1-0', '2-0', '3-0'])

  const client = joined(hub, '1-0')
  await hub.deliver([event('4-0')])

  assert.deepEqual(client.seen, ['2-0', '3-0', '4-0'])
  assert.deepEqual([hub.stats.replays, hub.stats.replayed, hub.stats.delivered], [1, 2, 3])
})

test('a client that comes for the first time starts at the end, and can come back from there before its first event', async () => {
  const hub = await hubWith(['1-0', '2-0'])

  const first = joined(hub, undefined)
  const { position } = hub
  await hub.deliver([event('3-0')])
  const again = joined(hub, position ?? '')

  assert.deepEqual([first.seen, again.seen], [['3-0'], ['3-0']])
})

test('a cursor holds for other topics than the ones it came from', async () => {
  const hub = await hubWith([])
  await hub.deliver([event('1-0', 'a'), event('2-0', 'b'), event('3-0', 'c'), event('4-0', 'b')])

  assert.deepEqual(joined(hub, '1-0', ['b', 'c']).seen, ['2-0', '3-0', '4-0'])
  assert.deepEqual(joined(hub, '3-0', ['a']).seen, [])
})

test('whoever joins while a batch is written gets it once', async () => {
  const hub = await hubWith(['1-0'])
  const late = new Client()
  const behind = new Client()
  const first = joined(hub, undefined)
  for (let count = 0; count < 1000; count += 1) joined(hub, undefined)
  first.write = () => {
    first.write = () => true
    joined(hub, undefined, ['a'], late)
    joined(hub, '1-0', ['a'], behind)
    return true
  }

  await hub.deliver([event('2-0'), event('3-0')])
  await hub.deliver([event('4-0')])

  assert.deepEqual(behind.seen, ['2-0', '3-0', '4-0'])
  assert.deepEqual(late.seen, ['4-0'])
})

test('a replay goes at the pace of its client, in pieces, while live events come', async () => {
  const ids = Array.from({ length: 100 }, (_, n) => `${n + 1}-0`)
  const hub = await hubWith(ids, { pieceBytesMax: 100 })
  const client = new Client()
  client.stop()

  joined(hub, '0-0', ['a'], client)
  await hub.deliver([event('101-0')])
  await hub.deliver([event('102-0')])
  assert.equal(client.writes, 1)
  client.readOn()
  await until('all of it', 2000, () => client.seen.length === 102)
  await hub.deliver([event('103-0')])

  assert.deepEqual(client.seen, [...ids, '101-0', '102-0', '103-0'])
})

test('a replay that is overtaken by the bound of the tail has one gap, and goes on after it', async () => {
  const hub = await hubWith(['1-0', '2-0', '3-0', '4-0'], { eventsMax: 4, pieceBytesMax: 40 })
  const client = new Client()
  client.stop()

  joined(hub, '0-0', ['a'], client)
  await hub.deliver(['5-0', '6-0', '7-0'].map(id => event(id)))
  client.readOn()
  await until('the end', 2000, () => client.seen.at(-1) === '7-0')

  assert.deepEqual(client.seen, ['1-0', '2-0', 'gap 3-0', '4-0', '5-0', '6-0', '7-0'])
})

test('a client that leaves in the middle of its replay is forgotten', async () => {
  const hub = await hubWith(['1-0', '2-0', '3-0'], { pieceBytesMax: 1 })
  const client = new Client()
  client.stop()
  const leave = hub.open(['a'], '0-0', () => client)

  leave()
  client.readOn()
  await new Promise(setImmediate)
  await hub.deliver([event('4-0')])

  assert.deepEqual(client.seen, ['1-0'])
  assert.deepEqual([hub.connections, hub.topics, hub.all()], [0, 0, []])
})

test('a client ahead of this worker waits until the worker is there, and gets nothing twice', async () => {
  const hub = await hubWith(['1-0'], { lastId: async () => '4-0' })

  const client = joined(hub, '3-0')
  await hub.deliver([event('2-0')])
  await hub.deliver([event('3-0'), event('4-0')])
  await hub.deliver([event('5-0')])

  assert.deepEqual(client.seen, ['4-0', '5-0'])
})

test('a client whose id is above the end of the log gets a gap once Redis has said so, and goes on live', async () => {
  const hub = await hubWith(['1-0', '2-0'])

  const client = joined(hub, '9-0')
  await until('the gap', 2000, () => client.seen.length > 0)
  await hub.deliver([event('3-0')])

  assert.deepEqual(client.seen, ['gap 2-0', '3-0'])
})

test('while Redis cannot say whether an id is known, its client waits', async () => {
  let away = true
  const lastId = async () => {
    if (away) throw new BusAway('away')
    return '1-0'
  }
  const hub = await hubWith(['1-0'], { lastId })

  const client = joined(hub, '9-0')
  hub.sweep(Date.now())
  await hub.heartbeat()
  assert.deepEqual(client.seen, ['comment'])
  away = false
  await until('the gap', 2000, () => {
    hub.sweep(Date.now())
    return client.seen.length > 1
  })

  assert.deepEqual(client.seen, ['comment', 'gap 1-0'])
})

test('a heartbeat says the position that all level streams have, and to the others only that it is alive', async () => {
  const hub = await hubWith(['1-0', '2-0'], { pieceBytesMax: 1, lastId: async () => '9-0' })
  const level = joined(hub, undefined)
  const quiet = joined(hub, undefined, ['quiet'])
  const ahead = joined(hub, '9-0')
  const replaying = new Client()
  replaying.stop()
  joined(hub, '0-0', ['a'], replaying)

  await hub.heartbeat()

  assert.deepEqual([level.seen, quiet.seen], [['heartbeat 2-0'], ['heartbeat 2-0']])
  assert.deepEqual([ahead.seen, replaying.seen], [['comment'], ['1-0', 'comment']])
})

test('a gap reaches every stream that it concerns, wherever it stands, and everything after it follows', async () => {
  const hub = await hubWith(['1-0', '2-0'], { pieceBytesMax: 1, lastId: async () => '9-0' })
  const level = joined(hub, undefined)
  const ahead = joined(hub, '9-0')
  const replaying = new Client()
  replaying.stop()
  joined(hub, '0-0', ['a'], replaying)

  await hub.gap('7-0')
  replaying.readOn()
  await hub.deliver([event('8-0')])
  await new Promise(setImmediate)

  // It has 8-0 already, from a faster worker, and nothing is missing for it.
  assert.deepEqual(ahead.seen, [])
  await hub.deliver([event('9-0'), event('10-0')])
  assert.deepEqual(ahead.seen, ['10-0'])
  assert.deepEqual(level.seen, ['gap 7-0', '8-0', '9-0', '10-0'])
  assert.deepEqual(replaying.seen, ['1-0', 'gap 7-0', '8-0', '9-0', '10-0'])

  const late = joined(hub, '2-0')
  await until('the end', 2000, () => late.seen.at(-1) === '10-0')
  assert.deepEqual(late.seen, ['gap 7-0', '8-0', '9-0', '10-0'])
})

test('a slow client that takes no more in its replay does not keep the others', async () => {
  const hub = await hubWith(['1-0', '2-0'], { pieceBytesMax: 1 })
  const closed = new Client()
  closed.takes = false
  joined(hub, '0-0', ['a'], closed)
  const other = joined(hub, '0-0')

  await until('the other', 2000, () => other.seen.length === 2)

  assert.deepEqual([closed.writes, other.seen], [1, ['1-0', '2-0']])
})

test('every gap that one stream is told is counted, whichever way it came to it', async () => {
  const hub = await hubWith(['1-0', '2-0', '3-0', '4-0'], { eventsMax: 4, pieceBytesMax: 40 })
  const slow = new Client()
  slow.stop()

  const unknown = joined(hub, 'nonsense')
  const future = joined(hub, '99-0')
  joined(hub, '0-0', ['a'], slow)
  await until('the gap of an id that the log never gave', 2000, () => future.seen.length > 0)
  await hub.deliver(['5-0', '6-0', '7-0'].map(id => event(id)))
  slow.readOn()
  await until('the end of the replay', 2000, () => slow.seen.at(-1) === '7-0')

  assert.deepEqual(
    [unknown, future, slow].map(({ seen }) => seen.filter(it => it.startsWith('gap')).length),
    [1, 1, 1],
  )
  assert.deepEqual([hub.stats.gapsOnReturn, hub.stats.gaps], [3, 0])
})

test('a client that is ahead when a gap goes past it is told at once', async () => {
  const hub = await hubWith(['1-0', '5-0'], { lastId: async () => '30-0' })
  const client = joined(hub, '10-0')

  await hub.gap('20-0')
  await until('the gap', 2000, () => client.seen.length > 0)
  await hub.deliver([event('21-0')])

  assert.deepEqual(client.seen, ['gap 20-0', '21-0'])
})

test('a client whose id is unknown starts at the end of the log, also on a worker that is not there yet', async () => {
  const hub = await hubWith(['1-0'], { lastId: async () => '3-0' })

  const client = joined(hub, '9-0')
  await until('the gap', 2000, () => client.seen.length > 0)
  await hub.deliver([event('2-0'), event('3-0')])
  await hub.deliver([event('4-0')])

  assert.deepEqual(client.seen, ['gap 3-0', '4-0'])
})
