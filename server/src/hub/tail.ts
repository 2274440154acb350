import type { BusLog } from '../bus/bus.ts'
import type { Entry } from './entry.ts'

/** The tail has the bounds of the log, and measures events as the log does: see `frameBytes`. */
export type TailBounds = { eventsMax: number; bytesMax: number }

// Looking at an entry costs a tenth of a microsecond, and a log may hold a million that a stream does not want.
const looksMax = 5000

/** A part of a replay: frames, how many events they are, and the position that they lead to. */
export type Piece = { text: string; events: number; position: string }

/** Where a stream starts: after `position`. `gap`: something before it is or may be missing. */
export type Start = { position: string; gap: boolean }

/**
 * A worker's copy of the log, and the whole window for replays: a herd that comes back costs Redis nothing.
 *
 * It holds all events after the position `start`, up to `last`. The oldest go when a bound is reached.
 */
export class Tail {
  readonly #log: BusLog
  readonly #bounds: TailBounds
  #entries: (Entry | undefined)[] = []
  // Entries before this index are dropped already; the array is cut now and then, not at every drop.
  #first = 0
  #bytes = 0
  #dropped = 0
  #start = ''
  #last = ''

  constructor(log: BusLog, bounds: TailBounds) {
    this.#log = log
    this.#bounds = bounds
  }

  /** The position that the next event will follow. */
  get last(): string {
    return this.#last
  }

  /** The oldest event there is, null if there is none. */
  get oldest(): string | null {
    return this.#entries[this.#first]?.id ?? null
  }

  get events(): number {
    return this.#entries.length - this.#first
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Events that went so far because a bound was reached. */
  get dropped(): number {
    return this.#dropped
  }

  /** Forgets everything: from now on it holds what comes after `start`. */
  restart(start: string): void {
    this.#entries = []
    this.#first = 0
    this.#bytes = 0
    this.#start = this.#last = start
  }

  /** Adds events that follow `last`, in order. */
  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry)
      this.#last = entry.id
      this.#bytes += entry.bytes
      while (this.events > this.#bounds.eventsMax || this.#bytes > this.#bounds.bytesMax) this.#drop()
    }
    if (this.#first > this.#entries.length / 2) {
      this.#entries.splice(0, this.#first)
      this.#first = 0
    }
  }

  /**
   * Where a client starts that has everything up to `id`. An id of this log is itself the position, even if this worker has not
   * read that far yet. With any other id the client has missed something, or may have.
   */
  startAfter(id: string): Start {
    if (!this.#log.isId(id)) return { position: this.last, gap: true }
    if (this.#log.compare(id, this.last) > 0) return { position: id, gap: false }
    const index = this.#indexAfter(id)
    // An id from our log, never the client's text: the client sends it back as Last-Event-ID, and then it must be in the log.
    const position = index > this.#first ? (this.#entries[index - 1]?.id ?? this.#start) : this.#start
    return { position, gap: position !== id }
  }

  /**
   * Frames of `topics` after `position`, up to about `bytesMax`: one event always fits. Looks at some thousand entries at
   * most, so it may be empty and yet not lead to the end.
   */
  piece(position: string, topics: readonly string[], bytesMax: number): Piece {
    const wanted = new Set(topics)
    let text = ''
    let bytes = 0
    let events = 0
    const first = this.#indexAfter(position)
    const end = Math.min(first + looksMax, this.#entries.length)
    for (let index = first; index < end; index += 1) {
      const entry = this.#entries[index]
      if (entry === undefined) break
      if (wanted.has(entry.topic)) {
        if (events > 0 && bytes + entry.bytes > bytesMax) return { text, events, position }
        text += entry.frame
        bytes += entry.bytes
        events += 1
      }
      position = entry.id
    }
    return { text, events, position }
  }

  #drop(): void {
    const entry = this.#entries[this.#first]
    if (entry === undefined) return
    this.#entries[this.#first] = undefined
    this.#first += 1
    this.#bytes -= entry.bytes
    this.#dropped += 1
    this.#start = entry.id
  }

  // The index of the first entry after `id`, by halving.
  #indexAfter(id: string): number {
    let [low, high] = [this.#first, this.#entries.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      const entry = this.#entries[middle]
      if (entry !== undefined && this.#log.compare(entry.id, id) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
