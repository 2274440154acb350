import { BoundedMap } from '../lab/bounded-map.ts'
import {
  brought,
  graceMs,
  greeted,
  isPast,
  left,
  neverOpen,
  openedAfter,
  reached,
  type Progress,
  type Published,
} from './progress.ts'

/** A stream that is to get an event: all that this tab wants open when it is sent. `heldBy` is '' while it is between two workers. */
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

export interface Counts {
  readonly published: number
  /**
   * Deliveries that are due: one for each event and stream. An event counts once it is everywhere, or a second after it was
   * acknowledged; so a delivery that is due is delivered, behind or lost, and all are counted over the same events.
   */
  readonly due: number
  readonly delivered: number
  /** Not there yet, and may still come: the stream is not past the event. */
  readonly behind: number
  readonly lost: number
  /** What theory loses: with the memory bus, whatever another worker than the stream's has taken. */
  readonly predicted: number
  readonly duplicate: number
  readonly outOfOrder: number
}

/** What became of the newest event that is decided for a stream. */
export type Mark = 'got' | 'lost' | 'behind'

/** What a stream missed while it was away, but for the last tenth of a second: replayed when it came back, or lost. */
export interface Missed {
  readonly replayed: number
  readonly lost: number
}

/** Where one event is: how many streams got it, of how many. */
export interface Spread {
  readonly due: number
  readonly got: number
  readonly isSettled: boolean
}

interface Sent extends Published {
  readonly got: Set<number>
  readonly behind: Set<number>
  readonly lost: Set<number>
  readonly predicted: number
}

interface Totals {
  due: number
  delivered: number
  behind: number
  lost: number
  predicted: number
}

/**
 * What one side was to deliver to the streams of this tab, against what they got: by event and stream, never as a
 * difference, or one lost and one duplicate would look like none of either. Events without an acknowledgement count nowhere.
 *
 * It keeps the newest `eventsMax` events. Of an older one, what is lost stays lost, and what is behind is no longer due:
 * nobody would notice its arrival.
 */
export class Ledger {
  readonly #sent: BoundedMap<string, Sent>
  /** Those of `#sent` of which something is behind. */
  readonly #unsettled = new Set<Sent>()
  /** Received before the acknowledgement: the stream is often faster than the answer to the POST. */
  readonly #early: BoundedMap<string, Set<number>>
  readonly #progress = new Map<number, Progress>()
  readonly #marks = new Map<number, { readonly seq: number; readonly mark: Mark }>()
  readonly #missed = new Map<number, { replayed: number; lost: number }>()
  readonly #settled: Totals = { due: 0, delivered: 0, behind: 0, lost: 0, predicted: 0 }
  #published = 0
  #duplicate = 0
  #outOfOrder = 0

  constructor(eventsMax = 10_000) {
    this.#sent = new BoundedMap(eventsMax)
    this.#early = new BoundedMap(eventsMax)
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

  /** The stream is no longer wanted: what it has not got is no longer due. */
  forget(stream: number): void {
    for (const sent of this.#unsettled) {
      if (sent.behind.delete(stream)) this.#settleIfDone(sent)
    }
    this.#progress.delete(stream)
    this.#marks.delete(stream)
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
      predicted: bus === 'memory' ? due.filter(({ heldBy }) => heldBy !== publishedBy).length : 0,
    }
    this.#published += 1
    this.#unsettled.add(sent)
    this.#settleIfDone(sent)
    const dropped = this.#sent.set(id, sent)
    if (dropped === undefined || !this.#unsettled.has(dropped)) return
    dropped.behind.clear()
    this.#settleIfDone(dropped)
  }

  receive(stream: number, id: string, seq: number): void {
    const progress = this.#progressOf(stream)
    if (seq < progress.lastSeq) this.#outOfOrder += 1
    this.#progress.set(stream, brought(progress, id, seq))
    const sent = this.#sent.get(id)
    if (sent === undefined) this.#receiveEarly(stream, id)
    else if (sent.got.has(stream)) this.#duplicate += 1
    else this.#receiveDue(sent, stream, progress)
    this.#decide(stream, seq, 'got')
  }

  count(nowMs: number): Counts {
    this.#giveUp(nowMs)
    const totals = { ...this.#settled }
    for (const sent of this.#unsettled) if (nowMs - sent.acknowledgedAtMs >= graceMs) add(totals, sent)
    return {
      published: this.#published,
      ...totals,
      duplicate: this.#duplicate,
      outOfOrder: this.#outOfOrder,
    }
  }

  /** What to show of each stream that any event is decided for. */
  marks(nowMs: number): ReadonlyMap<number, Mark> {
    this.#giveUp(nowMs)
    const marks = new Map<number, Mark>()
    for (const [stream, { mark }] of this.#marks) marks.set(stream, mark)
    for (const { acknowledgedAtMs, behind } of this.#unsettled) {
      if (nowMs - acknowledgedAtMs < graceMs) continue
      for (const stream of behind) marks.set(stream, 'behind')
    }
    return marks
  }

  /** What the stream missed while it was away, since the ledger began. */
  missed(stream: number): Missed {
    return this.#missed.get(stream) ?? { replayed: 0, lost: 0 }
  }

  /** Undefined for an event that is not acknowledged, or too old. */
  spread(id: string, nowMs: number): Spread | undefined {
    this.#giveUp(nowMs)
    const sent = this.#sent.get(id)
    if (sent === undefined) return undefined
    const { got, behind, lost } = sent
    return { due: got.size + behind.size + lost.size, got: got.size, isSettled: behind.size === 0 }
  }

  #receiveEarly(stream: number, id: string): void {
    const early = this.#early.get(id) ?? new Set()
    if (early.has(stream)) this.#duplicate += 1
    this.#early.set(id, early.add(stream))
  }

  #receiveDue(sent: Sent, stream: number, progress: Progress): void {
    const wasAway = openedAfter(progress, sent)
    if (sent.lost.delete(stream)) {
      // It was lost and came after all, so it was not.
      if (!this.#unsettled.has(sent)) this.#settled.lost -= 1
      if (wasAway) this.#missedBy(stream).lost -= 1
    } else if (!sent.behind.delete(stream)) {
      return // It was not due: the stream opened later.
    }
    if (wasAway) this.#missedBy(stream).replayed += 1
    sent.got.add(stream)
    if (this.#unsettled.has(sent)) this.#settleIfDone(sent)
    else this.#settled.delivered += 1
  }

  #giveUp(nowMs: number): void {
    for (const sent of this.#unsettled) {
      for (const stream of sent.behind) {
        const progress = this.#progressOf(stream)
        if (!isPast(progress, sent, nowMs)) continue
        sent.behind.delete(stream)
        sent.lost.add(stream)
        if (openedAfter(progress, sent)) this.#missedBy(stream).lost += 1
        this.#decide(stream, sent.seq, 'lost')
      }
      this.#settleIfDone(sent)
    }
  }

  #settleIfDone(sent: Sent): void {
    if (sent.behind.size > 0) return
    this.#unsettled.delete(sent)
    add(this.#settled, sent)
  }

  #decide(stream: number, seq: number, mark: Mark): void {
    if (seq >= (this.#marks.get(stream)?.seq ?? 0)) this.#marks.set(stream, { seq, mark })
  }

  #progressOf(stream: number): Progress {
    return this.#progress.get(stream) ?? neverOpen
  }

  #missedBy(stream: number): { replayed: number; lost: number } {
    const missed = this.#missed.get(stream) ?? { replayed: 0, lost: 0 }
    this.#missed.set(stream, missed)
    return missed
  }
}

function add(totals: Totals, { got, behind, lost, predicted }: Sent): void {
  totals.due += got.size + behind.size + lost.size
  totals.delivered += got.size
  totals.behind += behind.size
  totals.lost += lost.size
  totals.predicted += predicted
}
