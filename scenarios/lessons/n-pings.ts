import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const workerCount = 4
const intervals = 6

export const nPings = scenario({
  name: 'n-pings',
  title: 'N workers send N pings',
  symptom:
    'Idle streams cost more with every worker that you add; clients see four heartbeats every 15 seconds; Redis is busy although nothing is published.',
  switch:
    'naive/n-pings.ts (the heartbeat is published) against one timer in each worker that writes to its own streams',
  because:
    'What is published reaches every stream. Each of N workers publishes a heartbeat in every interval, so each stream gets N: N² for N workers and their streams.',
  fix: 'The heartbeat never leaves its worker: one timer, its own streams, no Redis.',
  code: [
    { file: 'server/src/sse-process.ts', text: 'beat(heartbeatMs' },
    { file: 'server/src/hub/hub.ts', text: 'async heartbeat()' },
  ],
  sides: { broken: 'scenarios/naive/n-pings.ts', fixed: 'server/src/main.ts' },
  async measure(rig, file) {
    const heartbeatMs = rig.ms(400, 15_000)
    const redis = await rig.redis()
    const env = { REDIS_URL: redis.url, HEARTBEAT_MS: String(heartbeatMs) }
    const [first] = await Promise.all(Array.from({ length: workerCount }, () => rig.process(file, env)))
    if (first === undefined) throw new Error('there is no worker')
    await using stream = await TestStream.openGreeted(`${first.url}/events?topic=t`)
    await until('a heartbeat', 3 * heartbeatMs, () => stream.heartbeats > 0)
    // From one on, so many whole intervals: by time, because the heartbeats are what is counted.
    const before = stream.heartbeats
    const begun = performance.now()
    await until('the intervals to pass', (intervals + 2) * heartbeatMs, () => {
      return performance.now() - begun >= intervals * heartbeatMs
    })
    return { heartbeats: stream.heartbeats - before }
  },
  judge: {
    broken: ({ heartbeats }) => ({
      predicted: `${workerCount * intervals} in ${intervals} intervals`,
      measured: `${heartbeats} in ${intervals} intervals`,
      // A border of the time counted may fall on a heartbeat of each worker.
      holds: Math.abs(heartbeats - workerCount * intervals) <= workerCount,
    }),
    fixed: ({ heartbeats }) => ({
      predicted: `${intervals} in ${intervals} intervals`,
      measured: `${heartbeats} in ${intervals} intervals`,
      holds: Math.abs(heartbeats - intervals) <= 1,
    }),
  },
})
