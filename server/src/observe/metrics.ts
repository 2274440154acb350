import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Bus, Subscriber } from '../bus/bus.ts'
import type { Hub } from '../hub/hub.ts'

/**
 * How often the event loop is asked whether it is late. At prom-client's 10 ms the questions are most of what an idle worker
 * does: 1 % of a core for each.
 */
export const loopProbeMs = 100

type MetricsParts = { worker: string; hub: Hub; bus: Bus }

/** What cannot be read when asked, because it is gone by then: told as it happens. */
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

/** This worker's metrics, each series labelled with the worker. They read the counts of the parts when asked. */
export function openMetrics({ worker, hub, bus }: MetricsParts): {
  registry: Registry
  observe: Observe
} {
  const { stats } = hub
  const registry = new Registry()
  registry.setDefaultLabels({ worker })
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: loopProbeMs })

  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(read())
      },
    })

  gauge('sse_connections', 'Streams open now', () => hub.connections)
  gauge('sse_topics', 'Topics that at least one open stream asked for', () => hub.topics)
  gauge('sse_bus_ready', '1 while events come in from the bus', () => Number(bus.ready))
  gauge(
    'sse_bus_lag_seconds',
    'Publish to this worker, for the last event that came',
    () => (bus.lagMs ?? 0) / 1000,
  )
  const info = new Gauge({
    name: 'sse_worker_info',
    help: '1; its label says which bus the worker hears, and so which side it is on',
    labelNames: ['bus'],
    registers: [registry],
  })
  info.set({ bus: bus.name }, 1)
  counter('sse_connections_opened_total', 'Streams opened', () => stats.opened)
  counter('sse_connections_turned_away_total', 'Streams told to come back later', () => stats.turnedAway)
  counter('sse_events_published_total', 'Publishes acknowledged by this worker', () => stats.published)
  counter(
    'sse_publish_failures_total',
    'Publishes not acknowledged because the bus was away',
    () => stats.publishFailures,
  )
  counter('sse_events_delivered_total', 'Events written to streams', () => stats.delivered)
  counter('sse_bytes_delivered_total', 'Bytes of frames written to streams', () => stats.bytes)
  counter('sse_gaps_total', 'Gaps announced to all streams of this worker', () => stats.gaps)
  counter(
    'sse_gaps_on_return_total',
    'Gaps announced to one stream: for the id that it came back with, or because its replay was overtaken',
    () => stats.gapsOnReturn,
  )
  counter('sse_replays_total', 'Streams that came back behind this worker', () => stats.replays)
  counter('sse_events_replayed_total', 'Events written in replays', () => stats.replayed)
  gauge('sse_tail_events', 'Events that can be replayed', () => hub.tail.events)
  gauge('sse_tail_bytes', 'Bytes of the events that can be replayed', () => hub.tail.bytes)
  counter(
    'sse_tail_dropped_total',
    'Events that can no longer be replayed because a bound was reached',
    () => hub.tail.dropped,
  )
  counter('sse_heartbeats_total', 'Heartbeats written to all streams of this worker', () => stats.heartbeats)
  const closed = new Counter({
    name: 'sse_connections_closed_total',
    help: 'Streams ended, by reason',
    labelNames: ['reason'],
    registers: [],
    collect() {
      this.reset()
      for (const [reason, count] of Object.entries(stats.closed)) this.inc({ reason }, count)
    },
  })
  registry.registerMetric(closed)

  const histogram = (name: string, help: string, buckets: number[]) => {
    const made = new Histogram({ name, help, buckets, registers: [registry] })
    return (value: number) => made.observe(value)
  }
  const observe = {
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
  return { registry, observe }
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

/** The Prometheus text of many workers. Their series differ in the label `worker`, so nothing is added up. */
export async function prometheusText(metrics: object[][]): Promise<string> {
  return await AggregatorRegistry.aggregate(metrics).metrics()
}
