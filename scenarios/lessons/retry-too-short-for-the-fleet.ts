import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { mostWithin } from '../rig/most-within.ts'
import { upToThree } from '../rig/up-to-three.ts'
import type { Rig } from '../rig/rig.ts'
import { scenario } from '../scenario.ts'

// Scaled down, all by the same factor: the default is 500, and a full worker has 10,000.
const clientCount = 200
const share = clientCount / 2
const returnsPerSecond = 50
const windowMs = 500
// The least is longer than it takes to cut all and to mend the link: who comes before that comes twice.
const retryMs = { min: 1500, max: 1700 }
const due = (returnsPerSecond * windowMs) / 1000

const together = ({ busiest }: { busiest: number }) => busiest > 0.9 * share
// Uniform draws: the busiest window holds somewhat more than the mean.
const asDue = ({ busiest }: { busiest: number }) => busiest < 2 * due

export const retryTooShortForTheFleet = scenario({
  name: 'retry-too-short-for-the-fleet',
  title: 'A retry time that is right for a hundred streams is too short for a fleet',
  symptom:
    'After a balancer restarts, all workers are at 100 % and every event is late, although `retry:` is random; it was fine when there were fewer clients, and each new host makes it worse.',
  switch:
    '`retry:` from a range that stands in a file (RETURNS_PER_SECOND out of reach) against one that grows with the streams of the fleet',
  because:
    'N streams that come back within R seconds are N/R returns a second. R was chosen once; N grows. A return costs proxy and worker a millisecond of a core, and those who stayed wait for it.',
  fix: 'Each worker knows the sum of all workers’ streams, and tells each stream a time up to RETRY_MS_MIN + streams of a worker ÷ RETURNS_PER_SECOND.',
  code: [
    { file: 'server/src/http/stream.ts', text: 'retryMsMin + this.#pace.spreadMs(' },
    { file: 'server/src/http/pace.ts', text: 'this.#most / returnsPerSecond' },
    { file: 'server/src/cluster/workers.ts', text: 'onFleet({ streams,' },
  ],
  sides: { broken: 1_000_000, fixed: returnsPerSecond },
  async measure(rig, setting) {
    const { url } = await rig.redis()
    const workers = await Promise.all(
      [1, 2].map(async () => await openWorker(rig, { REDIS_URL: url, RETURNS_PER_SECOND: `${setting}` })),
    )
    const clients = workers.flatMap(({ streams }) =>
      Array.from({ length: share }, () => TestStream.returning(streams)),
    )
    for (const client of clients) await client.greeted()
    // Told while the fleet was still small. The next time they are told by who knows all of it.
    const told =
      setting === returnsPerSecond ? workers.map(async ({ direct }) => await untilKnown(direct)) : []
    const longestMs = Math.max(retryMs.max, ...(await Promise.all(told)))
    const once = async (times: number) => {
      await Promise.all(workers.map(async ({ link }) => await link.cut()))
      await until('every client to be cut', 3000, () => clients.every(({ cuts }) => cuts === times))
      await Promise.all(workers.map(async ({ link }) => await link.mend()))
      await until('every client to be back', 20_000, () =>
        clients.every(({ greetedAt }) => greetedAt.length > times),
      )
      const returnsOf = (n: number) =>
        clients
          .slice(n * share, (n + 1) * share)
          .map(({ greetedAt }) => greetedAt[times] ?? 0)
          .toSorted((a, b) => a - b)
      return { busiest: Math.max(...[0, 1].map(n => mostWithin(returnsOf(n), windowMs))), longestMs }
    }
    await once(1)
    return await upToThree(times => once(times + 1), setting === returnsPerSecond ? asDue : together)
  },
  judge: {
    broken: ({ busiest }) => ({
      predicted: `a worker that should take ${due} in ${windowMs / 1000} s gets all ${share} of its streams`,
      measured: `${busiest} of ${share} within ${windowMs / 1000} s`,
      holds: together({ busiest }),
    }),
    fixed: ({ busiest, longestMs }) => ({
      predicted: `about ${due} in the busiest ${windowMs / 1000} s of a worker, never twice as many`,
      measured: `${busiest} of ${share} within ${windowMs / 1000} s`,
      holds: asDue({ busiest }),
      evidence: `an empty stream was told up to ${longestMs} ms`,
    }),
  },
})

async function openWorker(rig: Rig, env: Record<string, string>) {
  const server = await rig.server({ ...env, RETRY_MS_MIN: `${retryMs.min}`, RETRY_MS_MAX: `${retryMs.max}` })
  const { link, port } = await rig.link(`127.0.0.1:${server.port}`)
  return { link, streams: `http://127.0.0.1:${port}/events`, direct: `${server.url}/events` }
}

/** Waits until a worker knows nine tenths of the fleet or more, by what it tells a stream. Returns that. */
async function untilKnown(url: string): Promise<number> {
  const known = retryMs.min + 0.9 * (share / returnsPerSecond) * 1000
  return await until('the worker to know the fleet', 15_000, async () => {
    await using stream = await TestStream.openGreeted(url)
    const told = stream.retryMs ?? 0
    return told > known && told
  })
}
