import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { WorkerStatus } from '../cluster/worker-status.ts'
import type { WorkerName } from '../event.ts'
import type { Sse } from '../sse.ts'
import { loopProbeMs } from './process-metrics.ts'

/** Reads how this worker is, as `GET /api/workers` shows it. */
export function statusReader(name: WorkerName, sse: Pick<Sse, 'status'>): () => WorkerStatus {
  const delay = monitorEventLoopDelay({ resolution: loopProbeMs })
  delay.enable()
  // The 99th percentile of the last minute; the histogram holds the whole time between two probes.
  setInterval(() => delay.reset(), 60_000).unref()
  return () => ({
    ...name,
    ...sse.status,
    eventLoopDelayMs:
      delay.count === 0 ? 0 : Math.max(0, Math.round(delay.percentile(99) / 1e6 - loopProbeMs)),
    rssBytes: process.memoryUsage.rss(),
  })
}
