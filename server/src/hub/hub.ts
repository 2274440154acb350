import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BusLog, Subscriber } from '../bus/bus.ts'
import type { Event } from '../event.ts'
import { commentFrame, eventFrame, gapFrame, heartbeatFrame } from '../frame.ts'
import { Tail, type Entry, type TailBounds } from './tail.ts'

/** Why a stream ended, as the metric's label says it. */
export type CloseReason = 'peer-left' | 'slow-reader' | 'stalled' | 'stream-age' | 'drain'

export const closeReasons: readonly CloseReason[] = [
  'peer-left',
  'slow-reader',
  'stalled',
  'stream-age',
  'drain',
]

/** What the hub needs of an open stream. */
export interface Connection {
  /** Answers whether the frames were taken. */
  write(frames: Buffer): boolean
  /** Resolves when there is room for more: in another turn of the event loop, or once what was written has gone out. */
  room(): Promise<void>
  /** Called about once a second: bounds that depend on time are checked here, without a timer per connection. */
  sweep(now: number): void
  /** Ends the stream; what was written still goes out. */
  end(reason: CloseReason): void
}

/** Where a stream starts. `position` is null without a log; `gap`: something before it is or may be missing. */
export type StreamStart = { position: string | null; gap: boolean }

export type HubParts = {
  /** Undefined where the bus keeps none: then nothing is replayed. */
  log: BusLog | undefined
  tail: TailBounds
  /** Bytes of a replay that are written at once. */
  pieceBytesMax: number
  /** Hears how many events each replay was, when its stream has caught up. */
  onReplayed?: (events: number) => void
}

/** Connections that asked for the same set of topics: they get the same bytes. `level`: they have all that this worker has. */
type Group = { topics: readonly string[]; size: number; level: Set<Connection> }

/** A connection that is not level: it has everything up to `position`, and that is not what this worker has. */
type Late = { group: Group; position: string; replayed: number }

/** One text for many connections; `events` is what it counts for as delivered. */
type Job = { text: () => string; events: number; connections: readonly Connection[] }

// 10,000 writes in one turn of the event loop would keep heartbeats, publishes and new streams waiting.
const sliceConnections = 250

/**
 * One worker's topics and their connections. Knows neither HTTP nor Redis.
 *
 * A batch enters the tail, then goes in slices between turns of the event loop to the connections that were level when
 * it came; whoever joins meanwhile has it from the tail. Batches, gaps and heartbeats take turns, so no stream ever sees
 * one inside another.
 */
export class Hub implements Subscriber {
  readonly #log: BusLog | undefined
  readonly #tail: Tail | undefined
  readonly #pieceBytesMax: number
  readonly #onReplayed: (events: number) => void
  readonly #groups = new Map<string, Group>()
  readonly #groupsOfTopic = new Map<string, Set<Group>>()
  // Behind this worker: in the middle of a replay.
  readonly #replaying = new Map<Connection, Late>()
  // Ahead of this worker: they come from one that reads the bus faster, or their id is not of this log.
  readonly #ahead = new Map<Connection, Late>()
  #asking = false
  #turn: Promise<void> = Promise.resolve()
  #connections = 0
  #delivered = 0
  #bytes = 0
  #gaps = 0
  #heartbeats = 0
  #replays = 0
  #replayed = 0

  constructor({ log, tail, pieceBytesMax, onReplayed = () => undefined }: HubParts) {
    this.#log = log
    this.#tail = log === undefined ? undefined : new Tail(log, tail)
    this.#pieceBytesMax = pieceBytesMax
    this.#onReplayed = onReplayed
  }

  /** Connections open now. */
  get connections(): number {
    return this.#connections
  }

  /** Topics that at least one connection asked for. */
  get topics(): number {
    return this.#groupsOfTopic.size
  }

  /** Events written to connections so far, live and replayed: one event to two of them counts two. */
  get delivered(): number {
    return this.#delivered
  }

  /** Bytes of frames written to connections so far: events, gaps and heartbeats, without HTTP's framing. */
  get bytes(): number {
    return this.#bytes
  }

  /** Gaps told to all connections that they concern so far. */
  get gaps(): number {
    return this.#gaps
  }

  /** Heartbeats written to all connections so far. */
  get heartbeats(): number {
    return this.#heartbeats
  }

  /** Streams so far that came back behind this worker. */
  get replays(): number {
    return this.#replays
  }

  /** Events written in replays so far. */
  get replayed(): number {
    return this.#replayed
  }

  /** Events and bytes that can be replayed, and events that no longer can. */
  get tail(): { events: number; bytes: number; dropped: number } {
    const { events = 0, bytes = 0, dropped = 0 } = this.#tail ?? {}
    return { events, bytes, dropped }
  }

  /** The id of the oldest event that can be had, null if there is none. */
  get oldest(): string | null {
    return this.#tail?.oldest ?? null
  }

  /** Where a stream starts whose reader was given everything up to `id`, or comes for the first time without one. */
  start(id: string | undefined): StreamStart {
    if (this.#tail === undefined) return { position: null, gap: id !== undefined }
    if (id === undefined) return { position: this.#tail.last, gap: false }
    return this.#tail.startAfter(id)
  }

  /**
   * Adds a connection that has everything up to `position`, which `start` gave in this turn of the event loop; what
   * follows it is replayed first. `topics` are sorted and without doubles. Returns the undo, which may be called more
   * than once.
   */
  join(topics: readonly string[], connection: Connection, position: string | null): () => void {
    const key = topics.join(' ') // a topic has no space
    const group = this.#groups.get(key) ?? this.#addGroup(key, topics)
    group.size += 1
    this.#connections += 1
    if (position === null) group.level.add(connection)
    else this.#place(connection, { group, position, replayed: 0 })
    let joined = true
    return () => {
      if (!joined) return
      joined = false
      group.level.delete(connection)
      this.#replaying.delete(connection)
      this.#ahead.delete(connection)
      group.size -= 1
      this.#connections -= 1
      if (group.size === 0) this.#removeGroup(key, group)
    }
  }

  /** Takes a batch into the tail and writes it to every level connection of its topics. Resolves after the last write. */
  async deliver(batch: Event[]): Promise<void> {
    await this.#inTurn(() => {
      const entries = batch.map(toEntry)
      this.#tail?.append(entries)
      const jobs = this.#jobs(entries)
      // After the snapshot: they get this batch from the tail.
      for (const [connection, late] of this.#ahead) this.#place(connection, late)
      return jobs
    })
  }

  /** Tells every connection that is not ahead of `position` that events are or may be missing. All that follows will come. */
  async gap(position: string | null): Promise<void> {
    await this.#inTurn(() => {
      if (this.#connections > 0) this.#gaps += 1
      if (position !== null) this.#tail?.restart(position)
      for (const [connection, { group }] of this.#replaying) group.level.add(connection)
      this.#replaying.clear()
      // Whoever is ahead of `position` has what comes next already. If its id is not of this log, it will be told.
      const text = gapFrame(position, this.oldest)
      return [{ text: () => text, events: 0, connections: this.#level() }]
    })
  }

  /**
   * Writes a heartbeat to every connection. To the level ones it says the position that all of them have, so that the
   * readers of quiet topics keep up with the trimming of the log.
   */
  async heartbeat(): Promise<void> {
    await this.#inTurn(() => {
      this.#heartbeats += 1
      const heartbeat = heartbeatFrame(this.#tail?.last ?? null)
      return [
        { text: () => heartbeat, events: 0, connections: this.#level() },
        { text: commentFrame, events: 0, connections: this.#late() },
      ]
    })
  }

  /** Lets every connection check its own bounds. */
  sweep(now: number): void {
    for (const connection of this.all()) connection.sweep(now)
    void this.#askForAhead()
  }

  /** A snapshot of the open connections. */
  all(): Connection[] {
    return [...this.#level(), ...this.#late()]
  }

  #level(): Connection[] {
    return [...this.#groups.values()].flatMap(({ level }) => [...level])
  }

  #late(): Connection[] {
    return [...this.#replaying.keys(), ...this.#ahead.keys()]
  }

  #addGroup(key: string, topics: readonly string[]): Group {
    const group: Group = { topics, size: 0, level: new Set() }
    this.#groups.set(key, group)
    for (const topic of topics) {
      const groups = this.#groupsOfTopic.get(topic)
      if (groups === undefined) this.#groupsOfTopic.set(topic, new Set([group]))
      else groups.add(group)
    }
    return group
  }

  #removeGroup(key: string, group: Group): void {
    this.#groups.delete(key)
    for (const topic of group.topics) {
      const groups = this.#groupsOfTopic.get(topic)
      groups?.delete(group)
      if (groups?.size === 0) this.#groupsOfTopic.delete(topic)
    }
  }

  #place(connection: Connection, late: Late): void {
    const { group, position } = late
    const order =
      this.#log === undefined || this.#tail === undefined ? 0 : this.#log.compare(position, this.#tail.last)
    if (order > 0) {
      this.#ahead.set(connection, late)
      void this.#askForAhead()
      return
    }
    this.#ahead.delete(connection)
    if (order === 0) {
      group.level.add(connection)
      return
    }
    this.#replays += 1
    this.#replaying.set(connection, late)
    void this.#replay(connection)
  }

  // Piece by piece, at the reader's own pace, until it has all that this worker has: then it is level.
  async #replay(connection: Connection): Promise<void> {
    for (;;) {
      const late = this.#replaying.get(connection)
      // It left, or a gap made it level.
      if (late === undefined || this.#tail === undefined) return
      // A slow one may find that what it was to get next has been dropped.
      const start = this.#tail.startAfter(late.position)
      const piece = this.#tail.piece(start.position, late.group.topics, this.#pieceBytesMax)
      const text = (start.gap ? gapFrame(start.position, this.oldest) : '') + piece.text
      if (text !== '') {
        const frames = Buffer.from(text)
        if (!connection.write(frames)) return
        this.#bytes += frames.length
        this.#delivered += piece.events
        this.#replayed += piece.events
        late.replayed += piece.events
      }
      late.position = piece.position
      if (late.position === this.#tail.last) {
        this.#replaying.delete(connection)
        late.group.level.add(connection)
        this.#onReplayed(late.replayed)
        return
      }
      await connection.room()
    }
  }

  // An id above ours may be one that a faster worker gave. Only the log knows; while it is away they wait.
  async #askForAhead(): Promise<void> {
    if (this.#log === undefined || this.#ahead.size === 0 || this.#asking) return
    this.#asking = true
    const asked = [...this.#ahead]
    const last = await this.#log.lastId().catch(() => undefined)
    this.#asking = false
    if (last === undefined) return
    for (const [connection, late] of asked) {
      if (!this.#ahead.has(connection) || this.#log.compare(late.position, last) <= 0) continue
      // From the future, or from another log.
      const { position } = this.start(undefined)
      this.#ahead.delete(connection)
      connection.write(Buffer.from(gapFrame(position, this.oldest)))
      late.group.level.add(connection)
    }
  }

  // The jobs are made when the turn comes: whoever has joined by then is in.
  #inTurn(jobs: () => Job[]): Promise<void> {
    this.#turn = this.#turn.then(() => this.#write(jobs()))
    return this.#turn
  }

  #jobs(entries: readonly Entry[]): Job[] {
    const wanted = new Map<Group, number[]>()
    for (const [index, { topic }] of entries.entries()) {
      for (const group of this.#groupsOfTopic.get(topic) ?? []) {
        const indexes = wanted.get(group)
        if (indexes === undefined) wanted.set(group, [index])
        else indexes.push(index)
      }
    }
    // Thousands of sets may have one busy topic in common: those that want the same events share one job.
    const jobs = new Map<string, Job & { connections: Connection[] }>()
    for (const [group, indexes] of wanted) {
      const key = indexes.join()
      const job = jobs.get(key) ?? {
        text: () => indexes.map(index => entries[index]?.frame ?? '').join(''),
        events: indexes.length,
        connections: [],
      }
      for (const connection of group.level) job.connections.push(connection)
      jobs.set(key, job)
    }
    return [...jobs.values()]
  }

  async #write(jobs: Job[]): Promise<void> {
    let written = 0
    for (const { text, events, connections } of jobs) {
      // Bytes are made only when their turn comes: all at once they would be a copy of the batch for each set of topics.
      const frames = Buffer.from(text())
      for (const connection of connections) {
        if (connection.write(frames)) {
          this.#delivered += events
          this.#bytes += frames.length
        }
        written += 1
        if (written % sliceConnections === 0) await nextTurn()
      }
    }
  }
}

function toEntry(event: Event): Entry {
  return { id: event.id, topic: event.topic, frame: eventFrame(event), bytes: event.bytes }
}
