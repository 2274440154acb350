import {
  brought,
  greeted,
  isPast,
  left,
  neverOpen,
  reached,
  type Progress,
  type Published,
} from './side/progress.ts'

/** An event that the server acknowledged to this tab. */
export interface Acknowledgement {
  readonly id: string
  /** Numbers this tab's publishes. */
  readonly seq: number
  readonly publishedBy: string
  /** The worker that held this tab's stream when the event was sent; undefined while no stream was open. */
  readonly heldBy: string | undefined
}

export interface Counts {
  readonly acknowledged: number
  readonly received: number
  /** Not there yet, and may still come: the stream is not past it. */
  readonly onTheWay: number
  readonly lost: number
  readonly doubled: number
}

export interface LedgerLimits {
  /**
   * Each set keeps the newest so many. What is missing when it drops out stays as it is: on the way where it may still
   * come in a replay, lost elsewhere. A double of an older one is not seen.
   */
  readonly idsMax: number
}

type Missing = Acknowledgement & Published

/**
 * What this tab published against what came back to it: by id, never as a difference of counts, or one lost and one
 * doubled would look like none of either. Unacknowledged events may arrive or not; they count nowhere. What is missing is
 * on the way until the stream is past it: see progress.ts.
 */
export class Ledger {
  readonly #limits: LedgerLimits
  readonly #missing = new Map<string, Missing>()
  readonly #lost = new Map<string, Acknowledgement>()
  /** Received before the acknowledgement: the stream is often faster than the answer to the POST. */
  readonly #early = new Set<string>()
  readonly #settled = new Set<string>()
  #progress: Progress = neverOpen
  #acknowledged = 0
  #received = 0
  #doubled = 0
  #lostForGood = 0
  #missingForGood = 0

  constructor(limits: LedgerLimits = { idsMax: 10_000 }) {
    this.#limits = limits
  }

  /** A worker said hello on the stream; `id` is where it goes on. */
  greet(bus: string, id: string, nowMs: number): void {
    this.#progress = greeted(this.#progress, bus, id, nowMs)
  }

  /** A heartbeat, a gap or somebody else's event came on the stream. */
  reach(id: string): void {
    this.#progress = reached(this.#progress, id)
  }

  /** The stream was cut. */
  leave(): void {
    this.#progress = left(this.#progress)
  }

  acknowledge(event: Acknowledgement, nowMs: number): void {
    if (this.#missing.has(event.id) || this.#settled.has(event.id)) return
    this.#acknowledged += 1
    if (this.#early.delete(event.id)) {
      this.#settle(event.id)
      return
    }
    this.#missing.set(event.id, { ...event, acknowledgedAtMs: nowMs })
    if (!dropOldest(this.#missing, this.#limits.idsMax)) return
    if (this.#progress.hasLog) this.#missingForGood += 1
    else this.#lostForGood += 1
  }

  receive(id: string, seq: number): void {
    this.#progress = brought(this.#progress, id, seq)
    // What was lost and comes after all was not lost.
    if (this.#missing.delete(id) || this.#lost.delete(id)) {
      this.#settle(id)
    } else if (this.#settled.has(id) || this.#early.has(id)) {
      this.#doubled += 1
    } else {
      this.#early.add(id)
      dropOldest(this.#early, this.#limits.idsMax)
    }
  }

  count(nowMs: number): Counts {
    this.#giveUp(nowMs)
    return {
      acknowledged: this.#acknowledged,
      received: this.#received,
      onTheWay: this.#missingForGood + this.#missing.size,
      lost: this.#lostForGood + this.#lost.size,
      doubled: this.#doubled,
    }
  }

  lastLoss(nowMs: number): Acknowledgement | undefined {
    this.#giveUp(nowMs)
    return [...this.#lost.values()].at(-1)
  }

  #settle(id: string): void {
    this.#received += 1
    this.#settled.add(id)
    dropOldest(this.#settled, this.#limits.idsMax)
  }

  #giveUp(nowMs: number): void {
    for (const event of this.#missing.values()) {
      if (!isPast(this.#progress, event, nowMs)) continue
      this.#missing.delete(event.id)
      this.#lost.set(event.id, event)
      if (dropOldest(this.#lost, this.#limits.idsMax)) this.#lostForGood += 1
    }
  }
}

/** True if one had to go. Maps and sets are in the order of insertion, so the first is the oldest. */
function dropOldest(ids: Map<string, unknown> | Set<string>, idsMax: number): boolean {
  if (ids.size <= idsMax) return false
  for (const oldest of ids.keys()) return ids.delete(oldest)
  return false
}
