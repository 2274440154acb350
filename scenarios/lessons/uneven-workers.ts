import { setTimeout as pause } from 'node:timers/promises'
import { docker } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const clientCount = 40
const workerCount = 4
const share = clientCount / workerCount

export const unevenWorkers = scenario({
  name: 'uneven-workers',
  title: 'A restarted worker stays empty',
  symptom:
    'After a restart or a reload one worker idles while the others are full; adding workers or containers relieves nobody.',
  switch: 'STREAM_MS=0 (streams live for ever) against streams that end by themselves',
  because:
    'Connections are balanced when they are accepted, and a stream is accepted once. What a worker that leaves held goes to the others, and nothing ever moves to its successor.',
  fix: 'Each stream ends by itself after a random time near STREAM_MS and comes back by id: workers even out within one such time.',
  code: [
    { file: 'server/src/http/stream-bounds.ts', text: 'randomBetween(streamMs * 0.8, streamMs)' },
    { file: 'server/src/http/connection.ts', text: 'this.end(reason, frame)' },
  ],
  sides: { broken: false, fixed: true },
  async measure(rig, streamsEnd) {
    // Half an hour in production; the effect is the same, the wait is not.
    const streamMs = rig.ms(1200, 20_000)
    const server = await rig.container({
      WORKERS: String(workerCount),
      BUS: 'memory',
      STREAM_MS: String(streamsEnd ? streamMs : 0),
      RETRY_MS_MIN: '100',
      RETRY_MS_MAX: '300',
    })
    await server.answers(workerCount)
    const url = `${server.url}/events`
    const struck = await (await TestStream.openGreeted(url)).greeted()
    const clients = Array.from({ length: clientCount }, () => TestStream.returning(url))
    for (const client of clients) await client.greeted()
    const held = () => clients.filter(({ worker }) => worker === struck.worker).length
    const before = held()

    // Politely: a call that pm2 hands to a worker in the instant of its SIGKILL is never answered.
    await docker('exec', server.id, 'kill', '-INT', String(struck.pid))
    await until('its clients to be elsewhere', 5000, () =>
      clients.every(({ worker }) => worker !== undefined),
    )
    await until('its successor to take streams', 10_000, async () => {
      await using stream = await TestStream.openGreeted(url)
      const { worker, pid } = await stream.greeted()
      return worker === struck.worker && pid !== struck.pid
    })
    // Every stream that ends by itself has done so once.
    await pause(1.3 * streamMs)
    await until('most clients to be open', 3000, () => {
      return clients.filter(({ worker }) => worker !== undefined).length > 0.8 * clientCount
    })
    return { before, after: held(), streamMs }
  },
  judge: {
    broken: ({ before, after }) => ({
      predicted: `the restarted worker holds 0 of ${clientCount}, for good`,
      measured: `${before} before, ${after} after`,
      holds: before > 0 && after === 0,
    }),
    fixed: ({ before, after, streamMs }) => ({
      predicted: `about ${share} of ${clientCount} after ${streamMs / 1000} s`,
      measured: `${before} before, ${after} after`,
      // Round robin deals those that come back; how many are away at this moment varies.
      holds: before > 0 && after >= share / 2,
    }),
  },
})
