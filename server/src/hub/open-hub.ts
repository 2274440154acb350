import { logBoundsOf } from '../bus/open-bus.ts'
import type { Bus } from '../bus/bus.ts'
import type { Log } from '../observe/facts.ts'
import { timed, type Observe } from '../observe/histograms.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'
import type { Settings } from '../options.ts'
import { OpenLogs } from '../partitions/open-logs.ts'
import { PartitionedBus, type AnyBus } from '../partitions/partitioned-bus.ts'
import { PartitionedHub } from '../partitions/partitioned-hub.ts'
import { Stats } from '../stats.ts'
import type { WriteAll } from './broadcast.ts'
import { Hub } from './hub.ts'
import type { StreamHub } from './stream-hub.ts'

// The largest write of a replay. A slow reader shows progress between two writes, and not within one.
const pieceBytesMax = 2 ** 16

/** The hub of a worker, and what has it hear the bus: resolves when every event from then on comes to it. */
export type Hubs = { hub: StreamHub; listen: () => Promise<void> }

/** Makes the hub of a worker, with its bounds, its metrics and its log. */
export function openHubs(
  settings: Settings,
  bus: AnyBus,
  { observe, log, writeAll }: { observe: Observe; log: Log; writeAll: WriteAll | undefined },
): Hubs {
  const stats = new Stats()
  const dropped = new RepeatedFact(log, { text: 'a stream or an event was dropped', level: 'error' })
  const { logEventsMax: eventsMax, logBytesMax: bytesMax } = logBoundsOf(settings)
  const read = (one: Bus) => {
    const hub = new Hub({
      log: one.log,
      tail: { eventsMax, bytesMax },
      pieceBytesMax: Math.min(pieceBytesMax, settings.bufferedBytesMax / 2),
      stats,
      writeAll,
      onReplayed: observe.replayed,
      onError: error => dropped.happened({ err: error }, kindOf(error)),
    })
    return { hub, listen: async () => await one.subscribe(timed(hub, one, observe.written)) }
  }
  if (!(bus instanceof PartitionedBus)) return read(bus)
  const logs = new OpenLogs(bus, partition => {
    const { hub, listen } = read(partition)
    return { hub, opened: listen() }
  })
  const hub = new PartitionedHub(logs, bus.partitions.length, stats)
  return { hub, listen: async () => await bus.open() }
}
