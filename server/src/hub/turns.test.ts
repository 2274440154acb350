import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longestTurn } from '../../test/support/longest-turn.ts'
import { until } from '../../test/support/until.ts'
import { compareIds, isId } from '../bus/ids.ts'
import { Hub, type Connection } from './hub.ts'

// Heartbeats, publishes and new streams wait for the end of a turn.
const longMs = 20
const streams = 10_000

const event = (n: number, topic: string) => ({ id: `${n}-0`, topic, data: 'x'.repeat(50), bytes: 100 })

class Counting implements Connection {
  events = 0
  write(frames: Buffer): boolean {
    this.events += frames.length
    return true
  }
  async room(): Promise<void> {
    await new Promise(setImmediate)
  }
  sweep(): void {}
  end(): void {}
  close(): void {}
}

/** `lastId`: what the log says of its end. */
async function hubWith(events: number, lastId?: () => Promise<string>): Promise<Hub> {
  const log = { isId, compare: compareIds, lastId: lastId ?? (async () => hub.position ?? '0-0') }
  const hub: Hub = new Hub({ log, tail: { eventsMax: 300_000, bytesMax: 1e9 }, pieceBytesMax: 2 ** 16 })
  await hub.gap('0-0')
  for (let first = 1; first <= events; first += 500) {
    await hub.deliver(
      Array.from({ length: Math.min(500, events - first + 1) }, (_, n) => event(first + n, 'all')),
    )
  }
  return hub
}

function openStreams(hub: Hub, topicsOf: (n: number) => string[], lastId?: string): Counting[] {
  return Array.from({ length: streams }, (_, n) => {
    const connection = new Counting()
    hub.open(topicsOf(n), lastId, () => connection)
    return connection
  })
}

async function all(connections: Counting[], bytes: number): Promise<void> {
  await until('all streams to have everything', 30_000, () => connections.every(it => it.events >= bytes))
}

const own = (n: number) => ['all', `user-${n}`]
const batches: [string, (n: number) => string[], (n: number) => string][] = [
  ['a topic in common', own, () => 'all'],
  ['a topic in common, and their own', own, n => (n % 2 === 0 ? 'all' : `user-${n}`)],
  [
    '32 topics in common',
    n => [...Array.from({ length: 31 }, (_, topic) => `t${topic}`), `user-${n}`],
    n => `t${n % 31}`,
  ],
]
for (const [name, topicsOf, topicOf] of batches) {
  test(`a batch of 500 for ${streams} streams that all differ and have ${name} keeps no turn for long`, async () => {
    const ms = await longestTurn(
      async () => {
        const hub = await hubWith(1)
        return { hub, connections: openStreams(hub, topicsOf) }
      },
      async ({ hub, connections }) => {
        await hub.deliver(Array.from({ length: 500 }, (_, n) => event(n + 2, topicOf(n))))
        assert.ok(connections.every(it => it.events > 0))
      },
    )
    assert.ok(ms < longMs, `${ms} ms`)
  })
}

test('a replay of a topic that nobody publishes to, from a log of 280,000, keeps no turn for long', async () => {
  const hub = await hubWith(280_000)
  const ms = await longestTurn(
    () => Array.from({ length: 20 }, () => new Counting()),
    async connections => {
      const before = hub.stats.replays
      for (const connection of connections) hub.open(['nobody'], '0-0', () => connection)
      await hub.heartbeat()
      await until('all to be live', 30_000, async () => {
        await hub.deliver([event(1e6 + Date.now(), 'nobody')])
        return connections.every(it => it.events > 100)
      })
      assert.equal(hub.stats.replays - before, connections.length)
    },
  )
  assert.ok(ms < longMs, `${ms} ms`)
})

test(`${streams} streams that are ahead of their worker keep no turn for long when it gets there`, async () => {
  const ms = await longestTurn(
    async () => {
      // They wait: while the log is away, nobody knows whether it gave their id.
      const hub = await hubWith(10, async () => await Promise.reject(new Error('away')))
      const connections = openStreams(hub, () => ['all'], '11-0')
      return { hub, connections }
    },
    async ({ hub, connections }) => {
      await hub.deliver([11, 12, 13].map(n => event(n, 'all')))
      await all(connections, 2 * 50)
    },
  )
  assert.ok(ms < longMs, `${ms} ms`)
})

test(`a gap for ${streams} streams in the middle of their replays keeps no turn for long`, async () => {
  const ms = await longestTurn(
    async () => {
      const hub = await hubWith(5000)
      return { hub, connections: openStreams(hub, () => ['all'], '4000-0') }
    },
    async ({ hub, connections }) => {
      await hub.gap('6000-0')
      await all(connections, 20)
    },
  )
  assert.ok(ms < longMs, `${ms} ms`)
})
