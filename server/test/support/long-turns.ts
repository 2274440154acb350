import assert from 'node:assert/strict'
import { compareIds, isId } from '../../src/bus/streams/ids.ts'
import { Hub } from '../../src/hub/hub.ts'
import { FakeConnection } from './fake-connection.ts'
import { longestTurn } from '@sse-lab/testkit/longest-turn.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/**
 * Situations in which a hub once held the event loop: their names, and how to measure the longest turn in each, in milliseconds of
 * processor time. A test has a bound for them, and `make bench` their figures.
 */
export type LongTurn = { name: string; measure: () => Promise<number> }

const streams = 10_000

const event = (n: number, topic: string) => ({ id: `${n}-0`, topic, data: 'x'.repeat(50), bytes: 100 })

/** A hub that was given so many events of the topic `all`. `lastId`: what the log says of its end. */
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

function openStreams(hub: Hub, topicsOf: (n: number) => string[], lastId?: string): FakeConnection[] {
  return Array.from({ length: streams }, (_, n) => {
    const connection = new FakeConnection()
    hub.open(topicsOf(n), lastId, () => connection)
    return connection
  })
}

async function allHave(connections: FakeConnection[], bytes: number): Promise<void> {
  await until('all streams to have everything', 30_000, () => connections.every(it => it.bytes >= bytes))
}

/** A batch of 500 for streams that no two of have the same topics. */
function batch(what: string, topicsOf: (n: number) => string[], topicOf: (n: number) => string): LongTurn {
  return {
    name: `a batch of 500 for 10,000 streams with ${what}`,
    measure: async () =>
      await longestTurn(
        async () => {
          const hub = await hubWith(1)
          return { hub, connections: openStreams(hub, topicsOf) }
        },
        async ({ hub, connections }) => {
          await hub.deliver(Array.from({ length: 500 }, (_, n) => event(n + 2, topicOf(n))))
          assert.ok(connections.every(({ bytes }) => bytes > 0))
        },
      ),
  }
}

const own = (n: number) => ['all', `user-${n}`]
const many = (n: number) => [...Array.from({ length: 31 }, (_, topic) => `t${topic}`), `user-${n}`]

export const longTurns: LongTurn[] = [
  batch('a topic of their own and one in common', own, () => 'all'),
  batch('a topic of their own and one in common, for both', own, n => (n % 2 === 0 ? 'all' : `user-${n}`)),
  batch('a topic of their own and 31 in common', many, n => `t${n % 31}`),
  {
    name: '20 replays of a topic that a log of 280,000 has no event of',
    measure: async () => {
      const hub = await hubWith(280_000)
      return await longestTurn(
        () => Array.from({ length: 20 }, () => new FakeConnection()),
        async connections => {
          for (const connection of connections) hub.open(['nobody'], '0-0', () => connection)
          // To the live ones a heartbeat says a position; to the others it is a comment of three bytes.
          await until('all to be live', 30_000, async () => {
            await hub.heartbeat()
            return connections.every(({ bytes }) => bytes > 30)
          })
        },
      )
    },
  },
  {
    name: '10,000 streams ahead of their worker, when it gets there',
    measure: async () =>
      await longestTurn(
        async () => {
          // They wait: while the log is away, nobody knows whether it gave their id.
          const hub = await hubWith(10, async () => await Promise.reject(new Error('away')))
          return { hub, connections: openStreams(hub, () => ['all'], '11-0') }
        },
        async ({ hub, connections }) => {
          await hub.deliver([11, 12, 13].map(n => event(n, 'all')))
          await allHave(connections, 2 * 50)
        },
      ),
  },
  {
    name: 'a gap for 10,000 streams in the middle of their replays',
    measure: async () =>
      await longestTurn(
        async () => {
          const hub = await hubWith(5000)
          return { hub, connections: openStreams(hub, () => ['all'], '4000-0') }
        },
        async ({ hub, connections }) => {
          await hub.gap('6000-0')
          await allHave(connections, 20)
        },
      ),
  },
]
