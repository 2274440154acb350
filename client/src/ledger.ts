/** An event that the server acknowledged to this tab. */
export interface Acknowledgement {
  readonly id: string
  readonly publishedBy: string
  /** The worker that held this tab's stream when the event was sent; undefined while no stream was open. */
  readonly heldBy: string | undefined
}

export interface Counts {
  readonly acknowledged: number
  readonly received: number
  readonly onTheWay: number
  readonly lost: number
  readonly doubled: number
}

export interface LedgerLimits {
  /** So long after its acknowledgement an event is still on the way, not lost. */
  readonly graceMs: number
  /** Each set keeps the newest so many. A missing event that drops out stays lost; a double of an older one is not seen. */
  readonly idsMax: number
}

interface Missing extends Acknowledgement {
  readonly acknowledgedAtMs: number
}

/**
 * What this tab published against what came back to it: by id, never as a difference of counts, or one lost and one
 * doubled would look like none of either. Unacknowledged events may arrive or not; they count nowhere.
 */
export class Ledger {
  readonly #limits: LedgerLimits
  readonly #missing = new Map<string, Missing>()
  /** Received before the acknowledgement: the stream is often faster than the answer to the POST. */
  readonly #early = new Set<string>()
  readonly #settled = new Set<string>()
  #acknowledged = 0
  #received = 0
  #doubled = 0
  #lostForGood = 0

  constructor(limits: LedgerLimits = { graceMs: 2000, idsMax: 10_000 }) {
    this.#limits = limits
  }

  acknowledge(event: Acknowledgement, nowMs: number): void {
    if (this.#missing.has(event.id) || this.#settled.has(event.id)) return
    this.#acknowledged += 1
    if (this.#early.delete(event.id)) {
      this.#settle(event.id)
      return
    }
    this.#missing.set(event.id, { ...event, acknowledgedAtMs: nowMs })
    if (dropOldest(this.#missing, this.#limits.idsMax)) this.#lostForGood += 1
  }

  receive(id: string): void {
    if (this.#missing.delete(id)) {
      this.#settle(id)
    } else if (this.#settled.has(id) || this.#early.has(id)) {
      this.#doubled += 1
    } else {
      this.#early.add(id)
      dropOldest(this.#early, this.#limits.idsMax)
    }
  }

  count(nowMs: number): Counts {
    const lostLately = this.#overdue(nowMs).length
    return {
      acknowledged: this.#acknowledged,
      received: this.#received,
      onTheWay: this.#missing.size - lostLately,
      lost: this.#lostForGood + lostLately,
      doubled: this.#doubled,
    }
  }

  lastLoss(nowMs: number): Acknowledgement | undefined {
    return this.#overdue(nowMs).at(-1)
  }

  #settle(id: string): void {
    this.#received += 1
    this.#settled.add(id)
    dropOldest(this.#settled, this.#limits.idsMax)
  }

  #overdue(nowMs: number): Missing[] {
    return [...this.#missing.values()].filter(event => nowMs - event.acknowledgedAtMs >= this.#limits.graceMs)
  }
}

/** True if one had to go. Maps and sets are in the order of insertion, so the first is the oldest. */
function dropOldest(ids: Map<string, unknown> | Set<string>, idsMax: number): boolean {
  if (ids.size <= idsMax) return false
  for (const oldest of ids.keys()) return ids.delete(oldest)
  return false
}
