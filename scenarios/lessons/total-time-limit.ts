import { TestStream } from '@sse-lab/testkit/stream.ts'
import { scenario } from '../scenario.ts'

const streamCount = 10
const envoysOwnMs = 15_000

export const totalTimeLimit = scenario({
  name: 'total-time-limit',
  title: 'The proxy ends each stream after a time, heartbeats or not',
  symptom:
    'Streams are cut every 15 or 30 seconds, however much comes: heartbeats do not help, and a longer idle timeout does not either.',
  switch: 'envoy.yaml without and with timeout: 0s in the route of the streams',
  because:
    'Envoy gives the whole answer 15 s, from the end of the request to the last byte. A stream has no last byte. An idle limit begins anew with each byte, this one never does.',
  fix: 'timeout: 0s in the route of the streams, and only there.',
  code: [{ file: 'scenarios/fixed/envoy.yaml', text: 'timeout: 0s' }],
  sides: {
    // At full length nothing is set, and Envoy takes its own.
    broken: (text: string, ms: number) =>
      text.replace('timeout: 0s', ms === envoysOwnMs ? '' : `timeout: ${ms / 1000}s`),
    fixed: (text: string) => text,
  },
  async measure(rig, change) {
    const limitMs = rig.ms(2000, envoysOwnMs)
    const server = await rig.server({ HEARTBEAT_MS: `${limitMs / 5}` })
    const proxy = await rig.proxy(
      ['envoy', '--concurrency', '1', '--disable-hot-restart', '-l', 'error', '-c'],
      'scenarios/fixed/envoy.yaml',
      server.address,
      text => change(text, limitMs),
    )
    const streams = await Promise.all(
      Array.from({ length: streamCount }, () => TestStream.openGreeted(`${proxy.url}/events`)),
    )
    // Half a limit more than one: each stream that is going to be cut is cut by then.
    const until = performance.now() + 1.5 * limitMs
    const cuts: number[] = []
    for (const stream of streams) {
      const ending = await stream.ended(Math.max(0, until - performance.now())).catch(() => undefined)
      if (ending !== undefined) cuts.push(ending.openMs)
    }
    return { limitMs, cuts, heartbeats: Math.min(...streams.map(stream => stream.heartbeats)) }
  },
  judge: {
    broken: ({ limitMs, cuts, heartbeats }) => ({
      predicted: `${streamCount} of ${streamCount} cut after ${limitMs / 1000} s, in spite of heartbeats`,
      measured: `${cuts.length} of ${streamCount} cut after ${seconds(Math.min(...cuts))} to ${seconds(Math.max(...cuts))} s`,
      holds:
        cuts.length === streamCount &&
        heartbeats >= 3 &&
        // A stream counts from its answer on, Envoy from the request.
        cuts.every(ms => ms > 0.9 * limitMs && ms < 1.3 * limitMs),
      evidence: `each had at least ${heartbeats} heartbeats`,
    }),
    fixed: ({ cuts, heartbeats }) => ({
      predicted: 'none cut',
      measured: `${cuts.length} of ${streamCount} cut`,
      holds: cuts.length === 0 && heartbeats >= 3,
    }),
  },
})

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}
