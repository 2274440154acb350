import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { mostWithin } from '../rig/most-within.ts'
import { upToThree } from '../rig/up-to-three.ts'
import { scenario } from '../scenario.ts'

const clientCount = 200
const windowMs = 500

type Herd = { rangeMs: number; busiest: number; spanMs: number }

const together = ({ busiest }: Pick<Herd, 'busiest'>) => busiest > 0.9 * clientCount
// Uniform draws: the busiest window holds somewhat more than the mean, never twice.
const spreadOut = ({ rangeMs, busiest, spanMs }: Herd) =>
  busiest < 2 * clientCount * (windowMs / rangeMs) && spanMs > 0.7 * rangeMs

export const herd = scenario({
  name: 'herd',
  title: 'Without jitter all clients come back in the same instant',
  symptom:
    'After a proxy restart the servers are at 100 % for a moment, new connections time out, readiness fails, and it happens again.',
  switch: 'RETRY_MS_MIN=RETRY_MS_MAX against a range: what `retry:` tells each stream at its opening',
  because:
    'EventSource waits for a fixed time, without jitter: 3 s in Chromium, 5 s in Firefox, or what `retry:` said. Streams that were cut together come back together.',
  fix: 'A random `retry:` for each stream spreads the herd evenly over the range; a drain in small waves keeps it from forming.',
  code: [
    { file: 'server/src/http/stream.ts', text: 'randomBetween(retryMsMin, Math.max(retryMsMax,' },
    { file: 'server/src/http/drain.ts', text: 'const endsPerSecondMin = 200' },
  ],
  sides: { broken: 0, fixed: 1 },
  async measure(rig, spread) {
    const rangeMs = spread * rig.ms(2000, 4000)
    const server = await rig.server({ RETRY_MS_MIN: '1000', RETRY_MS_MAX: String(1000 + rangeMs) })
    const { link, port } = await rig.link(`127.0.0.1:${server.port}`)
    const clients = Array.from({ length: clientCount }, () =>
      TestStream.returning(`http://127.0.0.1:${port}/events`),
    )
    for (const client of clients) await client.greeted()
    const once = async (times: number) => {
      await link.cut()
      await until('every client to be cut', 3000, () => clients.every(({ cuts }) => cuts === times))
      await link.mend()
      await until('every client to be back', 8000, () =>
        clients.every(({ greetedAt }) => greetedAt.length > times),
      )
      const returns = clients.map(({ greetedAt }) => greetedAt[times] ?? 0).toSorted((a, b) => a - b)
      return {
        rangeMs,
        busiest: mostWithin(returns, windowMs),
        spanMs: (returns.at(-1) ?? 0) - (returns[0] ?? 0),
      }
    }
    return await upToThree(once, spread === 0 ? together : spreadOut)
  },
  judge: {
    broken: ({ busiest, spanMs }) => ({
      predicted: `${clientCount} of ${clientCount} return within ${windowMs} ms`,
      measured: `${busiest} of ${clientCount} within ${windowMs} ms`,
      holds: together({ busiest }),
      evidence: `first to last return: ${spanMs} ms`,
    }),
    fixed: ({ rangeMs, busiest, spanMs }) => ({
      predicted: `about ${Math.round((clientCount * windowMs) / rangeMs)} in the busiest ${windowMs} ms, over ${rangeMs / 1000} s`,
      measured: `${busiest} of ${clientCount} within ${windowMs} ms`,
      holds: spreadOut({ rangeMs, busiest, spanMs }),
      evidence: `first to last return: ${spanMs} ms`,
    }),
  },
})
