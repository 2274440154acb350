import type { Bus } from '../bus/bus.ts'
import type { Log } from '../observe/facts.ts'
import type { Observe } from '../observe/histograms.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'
import type { Settings } from '../options.ts'
import { Hub } from './hub.ts'

// The largest write of a replay. A slow reader shows progress between two writes, and not within one.
const pieceBytesMax = 2 ** 16

/** Makes the hub of a worker, with its bounds, its metrics and its log. */
export function openHub(settings: Settings, bus: Bus, observe: Observe, log: Log): Hub {
  const dropped = new RepeatedFact(log, { text: 'a stream or an event was dropped', level: 'error' })
  return new Hub({
    log: bus.log,
    tail: { eventsMax: settings.logEventsMax, bytesMax: settings.logBytesMax },
    pieceBytesMax: Math.min(pieceBytesMax, settings.bufferedBytesMax / 2),
    onReplayed: observe.replayed,
    onError: error => dropped.happened({ err: error }, kindOf(error)),
  })
}
