import {
  brought,
  greeted,
  isPast,
  left,
  neverOpen,
  reached,
  type Progress,
  type Published,
} from './progress.ts'

/** A stream of this tab that was open when an event was sent, and who held it. */
export interface Due {
  readonly stream: number
  readonly heldBy: string
}

/** An event that the side took. `seq` numbers this tab's publishes. */
export interface Taken {
  readonly id: string
  readonly seq: number
  readonly publishedBy: string
}

export interface SideCounts {
  readonly published: number
  /** Deliveries that are due: each event to each stream that was open when it was sent. Each is one of the next three. */
  readonly due: number
  readonly received: number
  /** Not there yet, and may still come: the stream is not past the event. */
  readonly behind: number
  readonly lost: number
  /** What theory loses: with the memory bus, whatever another worker than the stream's has taken. */
  readonly predicted: number
  readonly doubled: number
  readonly disordered: number
}

interface Sent extends Published {
  readonly got: Set<number>
  readonly behind: Set<number>
  readonly lost: Set<number>
}

/**
 * What one side was to deliver to the streams of this tab, against what came: by event and stream, never as a difference.
 *
 * It keeps the newest `eventsMax` events. Of an older one, what is lost stays lost, and what is behind is no longer due:
 * nobody would notice it coming.
 */
export class SideLedger {
  readonly #eventsMax: number
  readonly #sent = new Map<string, Sent>()
  /** Those of `#sent` of which something is behind. */
  readonly #unsettled = new Set<Sent>()
  /** Received before the acknowledgement: the stream is often faster than the answer to the POST. */
  readonly #early = new Map<string, Set<number>>()
  readonly #progress = new Map<number, Progress>()
  #published = 0
  #due = 0
  #received = 0
  #lost = 0
  #predicted = 0
  #doubled = 0
  #disordered = 0

  constructor(eventsMax = 10_000) {
    this.#eventsMax = eventsMax
  }

  /** A worker said hello on the stream; `id` is where it goes on. */
  greet(stream: number, bus: string, id: string, nowMs: number): void {
    this.#progress.set(stream, greeted(this.#progressOf(stream), bus, id, nowMs))
  }

  /** A heartbeat, a gap or somebody else's event came on the stream. */
  reach(stream: number, id: string): void {
    this.#progress.set(stream, reached(this.#progressOf(stream), id))
  }

  /** The stream was cut. */
  leave(stream: number): void {
    this.#progress.set(stream, left(this.#progressOf(stream)))
  }

  /** `bus` is that of the side: the memory bus reaches the streams of the publishing worker alone. */
  acknowledge({ id, seq, publishedBy }: Taken, due: readonly Due[], bus: string, nowMs: number): void {
    if (this.#sent.has(id)) return
    const early = this.#early.get(id) ?? new Set()
    this.#early.delete(id)
    const streams = due.map(({ stream }) => stream)
    const sent: Sent = {
      id,
      seq,
      acknowledgedAtMs: nowMs,
      got: new Set(streams.filter(stream => early.has(stream))),
      behind: new Set(streams.filter(stream => !early.has(stream))),
      lost: new Set(),
    }
    this.#sent.set(id, sent)
    if (sent.behind.size > 0) this.#unsettled.add(sent)
    this.#published += 1
    this.#due += due.length
    this.#received += sent.got.size
    if (bus === 'memory') this.#predicted += due.filter(({ heldBy }) => heldBy !== publishedBy).length
    this.#dropOldest()
  }

  receive(stream: number, id: string, seq: number): void {
    const progress = this.#progressOf(stream)
    if (seq < progress.lastSeq) this.#disordered += 1
    this.#progress.set(stream, brought(progress, id, seq))
    const sent = this.#sent.get(id)
    if (sent === undefined) this.#receiveEarly(stream, id)
    else if (sent.got.has(stream)) this.#doubled += 1
    else if (this.#find(sent, stream)) {
      sent.got.add(stream)
      this.#received += 1
    }
  }

  count(nowMs: number): SideCounts {
    this.#giveUp(nowMs)
    let behind = 0
    for (const sent of this.#unsettled) behind += sent.behind.size
    return {
      published: this.#published,
      due: this.#due,
      received: this.#received,
      behind,
      lost: this.#lost,
      predicted: this.#predicted,
      doubled: this.#doubled,
      disordered: this.#disordered,
    }
  }

  /** What was lost and comes after all was not lost. */
  #find(sent: Sent, stream: number): boolean {
    if (sent.lost.delete(stream)) {
      this.#lost -= 1
      return true
    }
    const found = sent.behind.delete(stream)
    if (sent.behind.size === 0) this.#unsettled.delete(sent)
    return found
  }

  #receiveEarly(stream: number, id: string): void {
    const early = this.#early.get(id) ?? new Set()
    if (early.has(stream)) this.#doubled += 1
    this.#early.set(id, early.add(stream))
    dropFirst(this.#early, this.#eventsMax)
  }

  #giveUp(nowMs: number): void {
    for (const sent of this.#unsettled) {
      for (const stream of sent.behind) {
        if (!isPast(this.#progressOf(stream), sent, nowMs)) continue
        sent.behind.delete(stream)
        sent.lost.add(stream)
        this.#lost += 1
      }
      if (sent.behind.size === 0) this.#unsettled.delete(sent)
    }
  }

  #progressOf(stream: number): Progress {
    return this.#progress.get(stream) ?? neverOpen
  }

  #dropOldest(): void {
    const dropped = dropFirst(this.#sent, this.#eventsMax)
    if (dropped === undefined) return
    this.#unsettled.delete(dropped)
    this.#due -= dropped.behind.size
  }
}

/** Maps are in the order of insertion, so the first is the oldest. */
function dropFirst<Value>(map: Map<string, Value>, sizeMax: number): Value | undefined {
  if (map.size <= sizeMax) return undefined
  for (const [key, value] of map) {
    map.delete(key)
    return value
  }
  return undefined
}
