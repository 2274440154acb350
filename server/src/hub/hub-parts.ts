import type { BusLog } from '../bus/bus.ts'
import type { Stats } from '../stats.ts'
import type { WriteAll } from './broadcast.ts'
import type { TailBounds } from './tail.ts'
import type { TurnParts } from './turn.ts'

/** How a stream starts: after `position`, null without a log. `gap` is a frame to send behind hello, empty if nothing is missing. */
export type Start = { position: string | null; gap: string }

export type HubParts = {
  /** Undefined where the bus keeps none: then nothing is replayed. */
  log: BusLog | undefined
  tail: TailBounds
  /** Bytes of a replay that are written at once. */
  pieceBytesMax: number
  stats?: Stats
  turn?: TurnParts
  /** A quicker way to write to many connections. */
  writeAll?: WriteAll | undefined
  /** Hears how many events each replay was, when its stream has caught up. */
  onReplayed?: (events: number) => void
  /** Hears of a stream that was dropped because a write to it failed, and of an event that no frame could be made of. */
  onError?: (error: unknown) => void
}
