import { compareIds, firstId } from '../../src/bus/streams/ids.ts'
import type { ChainEntry } from '../../src/bus/streams/chain.ts'

/** An entry, and what the chain cannot see: which one it really came after. Undefined before it: the log's beginning. */
export type ModelEntry = {
  kind: 'event' | 'marker' | 'foreign'
  link: ChainEntry
  before: ModelEntry | undefined
  addedAt: number
  /** When it was trimmed or lost; undefined while it is in the log. */
  leftAt: number | undefined
}

type State = {
  entries: ModelEntry[]
  /** The last id that Redis gave, also to what is gone. */
  lastGiven: string
  end: { id: string; bytes: number; entry: ModelEntry | undefined } | undefined
  lastMarker: string | undefined
}

const empty: State = { entries: [], lastGiven: firstId, end: undefined, lastMarker: undefined }

/**
 * The log as Redis and its scripts keep it, in memory, with all that can happen to it. What cannot be told apart is left
 * out: no two entries have the same id and the same end, unless both are the same marker.
 */
export class ModelLog {
  #states = [empty]
  /** The clock of Redis (ms). */
  clock = 100
  /** Counts what happens, so that one can say what came first. */
  time = 0
  markers = 0
  /** Whether two entries did get the same id and end: the chain cannot see it. */
  coincidence = false
  /** Ids that no event may get again: they were acknowledged, and whoever expects them would take it for the first one. */
  isExpected: (id: string) => boolean = () => false
  // By id and end.
  readonly #made = new Map<string, ModelEntry>()

  get #state(): State {
    return this.#states.at(-1) ?? empty
  }

  get entries(): ModelEntry[] {
    return this.#state.entries
  }

  get lastId(): string {
    return this.entries.at(-1)?.link.id ?? firstId
  }

  after(cursor: string, count: number): ModelEntry[] {
    return this.#state.entries.filter(({ link }) => compareIds(link.id, cursor) > 0).slice(0, count)
  }

  publish(bytes: number): ModelEntry {
    const { end } = this.#state
    const start = end?.bytes ?? 0
    let stop = start + bytes
    while (this.isExpected(this.#nextId())) this.#tick()
    while (this.#made.has(`${this.#nextId()} ${stop}`)) stop += 1
    const link = { id: this.#nextId(), after: end?.id ?? firstId, start, end: stop }
    return this.#add({ kind: 'event', link, before: end?.entry })
  }

  /** The marker's id, or that of the one that is there; undefined where Redis has given a higher one: see marker.lua. */
  mark(id: string, seenAt: string): string | undefined {
    const { end, lastMarker, lastGiven } = this.#state
    if (id === '*' && lastMarker !== undefined && compareIds(lastMarker, seenAt) >= 0) return lastMarker
    if (id !== '*' && compareIds(id, lastGiven) <= 0) return undefined
    const bytes = end?.bytes ?? 0
    if (id === '*') while (this.#made.has(`${this.#nextId()} ${bytes}`)) this.#tick()
    const link = { id: id === '*' ? this.#nextId() : id, start: bytes, end: bytes }
    this.markers += 1
    this.#add({ kind: 'marker', link, before: end?.entry })
    this.#change({ lastMarker: link.id })
    return link.id
  }

  /** Somebody else adds an entry, that is no part of the chain. */
  addForeign(): void {
    const link = { id: this.#nextId(), start: 0, end: 0 }
    this.#add({ kind: 'foreign', link, before: undefined })
  }

  /** Never the last entry: it is what the others make room for. */
  trim(count: number): void {
    const { entries } = this.#state
    this.#change({ entries: entries.slice(Math.min(count, entries.length - 1)) })
  }

  /** Redis is as it was so many changes ago. */
  rollBack(changes: number): void {
    const state = this.#states.at(-1 - changes) ?? empty
    // What came after it is no past of what comes now.
    const past = this.#states.slice(0, -1 - changes)
    this.#become(state)
    this.#states = [...past, state]
  }

  flush(): void {
    this.#become(empty)
  }

  /** Every entry goes; Redis remembers the last id that it gave. */
  deleteAll(): void {
    this.#change({ entries: [] })
  }

  /** Somebody deletes the key that says where the log ends. */
  loseEnd(): void {
    this.#change({ end: undefined })
  }

  #nextId(): string {
    const [ms = '0', sequence = '0'] = this.#state.lastGiven.split('-')
    return this.clock > Number(ms) ? `${this.clock}-0` : `${ms}-${Number(sequence) + 1}`
  }

  #tick(): void {
    this.clock = Number(this.#nextId().split('-')[0]) + 1
  }

  #add(fresh: Pick<ModelEntry, 'kind' | 'link' | 'before'>): ModelEntry {
    const { id, end } = fresh.link
    const same = this.#made.get(`${id} ${end}`)
    if (same !== undefined && (same.before !== fresh.before || same.kind !== fresh.kind))
      this.coincidence = true
    this.time += 1
    const entry = same ?? { ...fresh, addedAt: this.time, leftAt: undefined }
    if (fresh.kind !== 'foreign') this.#made.set(`${id} ${end}`, entry)
    this.#change({
      entries: [...this.#state.entries, entry],
      lastGiven: id,
      ...(entry.kind === 'foreign' ? {} : { end: { id, bytes: end, entry } }),
    })
    return entry
  }

  #change(changes: Partial<State>): void {
    this.#become({ ...this.#state, ...changes })
  }

  #become(state: State): void {
    this.time += 1
    for (const entry of this.#state.entries) if (!state.entries.includes(entry)) entry.leftAt = this.time
    for (const entry of state.entries) entry.leftAt = undefined
    this.#states.push(state)
  }
}
