import { Histogram, type Registry } from 'prom-client'
import type { Bus, Subscriber } from '../bus/bus.ts'
import type { Hub } from '../hub/hub.ts'

/**
 * Histograms. Unlike counters and gauges, which are read when somebody asks for the metrics, these are fed as it happens.
 */
export type Observe = {
  /** From the publish of a batch's youngest event until every stream of this worker had it. */
  written: (seconds: number) => void
  /** The events of a replay, when its stream has caught up. */
  replayed: (events: number) => void
  /** From when a heartbeat was due until the last stream had it. */
  heartbeat: (seconds: number) => void
}

// A millisecond is a good day, ten seconds a dead one.
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const eventsBuckets = [0, 1, 10, 100, 1000, 10_000, 100_000]

/** The histograms of this worker. */
export function openHistograms(registry: Registry): Observe {
  const histogram = (name: string, help: string, buckets: number[]) => {
    const made = new Histogram({ name, help, buckets, registers: [registry] })
    return (value: number) => made.observe(value)
  }
  return {
    written: histogram(
      'sse_publish_to_write_seconds',
      'From the publish of the youngest event of a batch until every stream of this worker had it',
      secondsBuckets,
    ),
    replayed: histogram(
      'sse_replay_events',
      'Events of a replay, when its stream has caught up',
      eventsBuckets,
    ),
    heartbeat: histogram(
      'sse_heartbeat_lateness_seconds',
      'From when a heartbeat was due until the last stream of this worker had it',
      secondsBuckets,
    ),
  }
}

/** The hub, and how long each batch took from its publish: once for a batch, whatever the number of streams. */
export function timed(hub: Hub, bus: Pick<Bus, 'lagMs'>, observe: (seconds: number) => void): Subscriber {
  return {
    gap: position => hub.gap(position),
    async deliver(batch) {
      // Before it listens a worker reads the whole log, hours of it perhaps. Nobody waited for that: counted as latency, a
      // reload of a quiet lab would look like an outage.
      const streams = hub.connections
      const lagMs = bus.lagMs ?? 0
      const begun = performance.now()
      await hub.deliver(batch)
      if (streams > 0) observe((lagMs + performance.now() - begun) / 1000)
    },
  }
}
