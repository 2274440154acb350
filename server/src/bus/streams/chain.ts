import { compareIds, firstId, idBelow } from './ids.ts'

// How many acknowledged ids are kept till they are read, in about 10 MB.
const expectedMax = 100_000

/**
 * Where an entry stands in the log. `after`: id of the entry before it, missing from a marker. `start`, `end`: from where to
 * where the entry reaches, in bytes since the log began; `start` is the `end` of the entry before.
 */
export type ChainEntry = { id: string; after?: string; start: number; end: number }

/**
 * What an entry tells of those before it.
 * - `follows`: it comes right after the one that was read last.
 * - `begins`: it is the first that was read. What this worker has begins behind `position`.
 * - `gap`: between the last one, `after`, and this one events are missing. All that comes behind `position` is here.
 * - `missing`: it follows, but an event that Redis had acknowledged before it does not come any more.
 */
export type Verdict =
  | { kind: 'follows' }
  | { kind: 'begins'; position: string }
  | { kind: 'gap'; position: string; after: string }
  | { kind: 'missing' }

/**
 * Judges the log as one worker reads it: is this entry the next one, and has anything been lost? It knows only what it is
 * told, the entries in the order in which they are read and the ids that Redis acknowledged to this worker.
 *
 * The invariant: an acknowledged event is handed over, or a gap is told. So one that this worker has not read yet is
 * expected, until an entry behind it is read. The gap may have to wait for a marker: see `loss`.
 */
export class Chain {
  readonly #expectedMax: number
  // Acknowledged and not read, in the order of acknowledgement.
  readonly #expected = new Set<string>()
  #cursor = firstId
  // The last entry of the chain. The next one's `after` and `start` must equal its id and end; undefined before the first.
  #last: { id: string; end: number } | undefined
  #loss: string | undefined

  constructor(own = { expectedMax }) {
    this.#expectedMax = own.expectedMax
  }

  /** Id of the last entry that was read, also of one that no worker has written: the log is read on from here. */
  get cursor(): string {
    return this.#cursor
  }

  /** The highest id that this worker knows of, read or acknowledged. A log that ends below it has lost events. */
  get highest(): string {
    let highest = this.#cursor
    for (const id of this.#expected) if (compareIds(id, highest) > 0) highest = id
    return highest
  }

  /**
   * Id at which a loss was seen that other workers cannot see by themselves, or this one neither. A marker behind it makes
   * every worker tell a gap; undefined if there is none to add.
   */
  get loss(): string | undefined {
    return this.#loss
  }

  /** The marker with the id `marker` tells every worker of the loss that was seen at `seenAt`. It must come, like any event. */
  lossIsMarked(seenAt: string, marker: string): void {
    // Another one may have been seen since.
    if (this.#loss === seenAt) this.#loss = undefined
    this.expect(marker)
  }

  /** Redis has acknowledged this event to this worker, so it must come. */
  expect(id: string): void {
    if (compareIds(id, this.#cursor) <= 0) {
      // It was read, unless the cursor went past it with an entry that no worker has written: after a rollback Redis may give
      // the id of such an entry again.
      if (this.#last !== undefined && compareIds(id, this.#last.id) > 0) this.#loss = id
      return
    }
    // Past the bound a loss could not be proven any more. So one that may be is announced.
    if (this.#expected.size >= this.#expectedMax) this.#loss = id
    else this.#expected.add(id)
  }

  /** An entry was read that no worker has written: it is no part of the chain. */
  skip(id: string): void {
    this.#cursor = id
  }

  /** An entry was read. To be called once for each, in the order of the log. */
  next(entry: ChainEntry): Verdict {
    this.#cursor = entry.id
    const last = this.#last
    this.#last = { id: entry.id, end: entry.end }
    const someAreMissing = this.#arrived(entry.id)
    if (last === undefined) return { kind: 'begins', position: startBefore(entry) }
    // Both are compared: after a loss Redis may give an id again, or reach the same number of bytes, but not by accident both.
    if (entry.after !== last.id || entry.start !== last.end) {
      // Trimming only skips forward. Here the log has lost what this worker had read, and others may not know of it.
      if (entry.after !== undefined && compareIds(entry.after, last.id) <= 0) this.#loss = entry.id
      return { kind: 'gap', position: idBelow(entry.id), after: last.id }
    }
    if (!someAreMissing) return { kind: 'follows' }
    this.#loss = entry.id
    return { kind: 'missing' }
  }

  /**
   * All that there was at the start has been read, or a first part of it. If nothing was, the log begins here: answers its
   * position, once.
   */
  beginIfEmpty(): string | undefined {
    if (this.#last !== undefined) return undefined
    this.#last = { id: firstId, end: 0 }
    return firstId
  }

  // `id` and those before it are expected no more. Answers whether one of them did not come.
  #arrived(id: string): boolean {
    this.#expected.delete(id)
    let missing = false
    // The order of acknowledgement is that of the ids. Where the ids went back it is not: such a loss is seen later, at the
    // first entry behind the higher one.
    for (const expected of this.#expected) {
      if (compareIds(expected, id) > 0) break
      this.#expected.delete(expected)
      missing = true
    }
    return missing
  }
}

// Before the log's very first entry there was nothing; before any other, what was trimmed.
function startBefore({ id, after }: ChainEntry): string {
  return after === firstId ? firstId : idBelow(id)
}
