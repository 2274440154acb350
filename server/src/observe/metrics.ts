import { Counter, Gauge, Registry } from 'prom-client'
import type { Bus } from '../bus/bus.ts'
import type { StreamHub } from '../hub/stream-hub.ts'

/** A registry for one worker: each of its series has the label `worker`. */
export function openRegistry(worker: string): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ worker })
  return registry
}

/** Registers the counters and gauges of this worker. They read the hub, its stats and the bus when asked. */
export function registerMetrics(
  registry: Registry,
  { hub, bus }: { hub: StreamHub; bus: Pick<Bus, 'name' | 'ready' | 'lagMs'> },
): void {
  const { stats } = hub
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
  counter(
    'sse_connections_upgraded_total',
    'Streams opened that left node:http, because the proxy sent Upgrade: sse',
    () => stats.upgraded,
  )
  counter('sse_connections_turned_away_total', 'Streams told to come back later', () => stats.turnedAway)
  counter('sse_events_published_total', 'Publishes acknowledged by this worker', () => stats.published)
  counter(
    'sse_publish_failures_total',
    'Publishes not acknowledged because the bus was away',
    () => stats.publishFailures,
  )
  counter('sse_events_delivered_total', 'Events written to streams', () => stats.delivered)
  counter('sse_bytes_delivered_total', 'Bytes of frames written to streams', () => stats.bytes)
  counter(
    'sse_native_writes_total',
    'Writes to streams that went past Node, by the native part',
    () => stats.nativeWrites,
  )
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
  const refused = new Counter({
    name: 'sse_refused_total',
    help: 'Calls and streams that were not let in, by why',
    labelNames: ['code'],
    registers: [],
    collect() {
      this.reset()
      for (const [code, count] of Object.entries(stats.refused)) this.inc({ code }, count)
    },
  })
  registry.registerMetric(refused)
}
