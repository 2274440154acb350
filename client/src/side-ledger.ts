/** A stream of this tab that was open when an event was sent, and who held it. */
export interface Due {
  readonly stream: number
  readonly heldBy: string
}

export interface SideCounts {
  readonly published: number
  /** Deliveries that are due: each event to each stream that was open when it was sent. */
  readonly due: number
  readonly received: number
  readonly lost: number
  /** What theory loses: with the memory bus, whatever another worker than the stream's has taken. */
  readonly predicted: number
  readonly doubled: number
  readonly disordered: number
}

interface Sent {
  readonly missing: Set<number>
  readonly got: Set<number>
  readonly acknowledgedAtMs: number
}

/** So long after its acknowledgement a delivery is still on the way, not lost. */
const graceMs = 2000
/** Events kept; what is missing of an older one stays lost. */
const eventsMax = 2000

/** What one side was to deliver to the streams of this tab, against what came: by event and stream, never as a difference. */
export class SideLedger {
  readonly #sent = new Map<string, Sent>()
  /** Received before the acknowledgement: the stream is often faster than the answer to the POST. */
  readonly #early = new Map<string, Set<number>>()
  readonly #lastSeq = new Map<number, number>()
  #published = 0
  #due = 0
  #received = 0
  #predicted = 0
  #doubled = 0
  #disordered = 0
  #lostForGood = 0

  /** `bus` is that of the side: the memory bus reaches the streams of the publishing worker alone. */
  acknowledge(id: string, publishedBy: string, due: readonly Due[], bus: string, nowMs: number): void {
    if (this.#sent.has(id)) return
    const early = this.#early.get(id) ?? new Set()
    this.#early.delete(id)
    const got = new Set(due.map(({ stream }) => stream).filter(stream => early.has(stream)))
    const missing = new Set(due.map(({ stream }) => stream).filter(stream => !early.has(stream)))
    this.#sent.set(id, { missing, got, acknowledgedAtMs: nowMs })
    this.#published += 1
    this.#due += due.length
    this.#received += got.size
    if (bus === 'memory') this.#predicted += due.filter(({ heldBy }) => heldBy !== publishedBy).length
    this.#dropOldest()
  }

  /** `seq` numbers this tab's publishes. */
  receive(stream: number, id: string, seq: number): void {
    const last = this.#lastSeq.get(stream) ?? 0
    if (seq < last) this.#disordered += 1
    else this.#lastSeq.set(stream, seq)
    const sent = this.#sent.get(id)
    if (sent === undefined) {
      const early = this.#early.get(id) ?? new Set()
      if (early.has(stream)) this.#doubled += 1
      this.#early.set(id, early.add(stream))
      dropFirst(this.#early, eventsMax)
    } else if (sent.missing.delete(stream)) {
      sent.got.add(stream)
      this.#received += 1
    } else if (sent.got.has(stream)) this.#doubled += 1
  }

  count(nowMs: number): SideCounts {
    let lost = this.#lostForGood
    for (const { missing, acknowledgedAtMs } of this.#sent.values())
      if (nowMs - acknowledgedAtMs >= graceMs) lost += missing.size
    return {
      published: this.#published,
      due: this.#due,
      received: this.#received,
      lost,
      predicted: this.#predicted,
      doubled: this.#doubled,
      disordered: this.#disordered,
    }
  }

  #dropOldest(): void {
    this.#lostForGood += dropFirst(this.#sent, eventsMax)?.missing.size ?? 0
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
