import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const streamCount = 10
/** How late a busy machine may notice a cut, or nginx' line about it. */
const lateMs = 2000

export const quietStream = scenario({
  name: 'quiet-stream',
  title: 'A quiet stream is cut at the proxy',
  symptom:
    'net::ERR_INCOMPLETE_CHUNKED_ENCODING after exactly 60 seconds; streams reconnect every minute when nothing happens.',
  switch:
    'broken.conf and HEARTBEAT_MS=0 against streaming.conf and a heartbeat every quarter of the timeout',
  because:
    'nginx gives up an upstream from which nothing came for proxy_read_timeout, 60 s by default. A stream on which nothing is published is just that.',
  fix: 'A heartbeat from the server, well within the shortest idle timeout on the way.',
  code: [
    { file: 'server/src/sse-process.ts', text: 'beat(heartbeatMs' },
    { file: 'nginx/streaming.conf', text: 'proxy_read_timeout 60s;' },
  ],
  sides: {
    broken: { heartbeats: false, port: 8081 },
    fixed: { heartbeats: true, port: 80 },
  },
  async measure(rig, { heartbeats, port }) {
    const timeoutMs = rig.ms(1000, 60_000)
    const server = await rig.server({ HEARTBEAT_MS: String(heartbeats ? timeoutMs / 4 : 0) })
    const nginx = await rig.nginx(server.address, text =>
      text
        .replace('proxy_read_timeout 60s', `proxy_read_timeout ${timeoutMs}ms`)
        .replace('include broken.conf;', `proxy_read_timeout ${timeoutMs}ms;\n    include broken.conf;`),
    )
    const streams = await Promise.all(
      Array.from({ length: streamCount }, () =>
        TestStream.openGreeted(`http://${nginx.host}:${port}/events`),
      ),
    )
    // Half a timeout more than one, and at least 2 s more: each stream that is going to be cut is cut by then.
    const end = performance.now() + timeoutMs + Math.max(0.5 * timeoutMs, lateMs)
    const cuts: number[] = []
    for (const stream of streams) {
      const ending = await stream.ended(Math.max(0, end - performance.now())).catch(() => undefined)
      if (ending?.how === 'cut') cuts.push(ending.openMs)
    }
    let timedOut: string[] = []
    await until('nginx to say why', lateMs, async () => {
      timedOut =
        (await rig.logs(nginx.id)).match(/upstream timed out \(110[^)]*\) while reading upstream/g) ?? []
      return timedOut.length >= cuts.length
    }).catch(() => undefined)
    return { timeoutMs, cuts, timedOut }
  },
  judge: {
    broken: ({ timeoutMs, cuts, timedOut }) => ({
      predicted: `${streamCount} of ${streamCount} cut after ${timeoutMs / 1000} s`,
      measured: `${cuts.length} of ${streamCount} cut after ${seconds(Math.min(...cuts))} to ${seconds(Math.max(...cuts))} s`,
      holds:
        cuts.length === streamCount &&
        timedOut.length === streamCount &&
        // A client may see the headers later than nginx read last, and its time is shorter by that.
        cuts.every(ms => ms >= timeoutMs - 500 && ms < timeoutMs + Math.max(0.3 * timeoutMs, lateMs)),
      ...(timedOut[0] !== undefined && { evidence: `${timedOut.length} × ${timedOut[0]}` }),
    }),
    fixed: ({ cuts, timedOut }) => ({
      predicted: 'none cut',
      measured: `${cuts.length} of ${streamCount} cut`,
      holds: cuts.length === 0 && timedOut.length === 0,
    }),
  },
})

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}
