import type { BusLog, Subscriber } from '../bus/bus.ts'
import type { Event } from '../event.ts'
import { commentFrame, eventFrame, gapFrame, heartbeatFrame } from '../frame.ts'
import { Stats, type CloseReason } from '../stats.ts'
import { Ahead } from './ahead.ts'
import { Batch } from './batch.ts'
import { CatchUp, type Lagging } from './catch-up.ts'
import { Subscriptions, type Connection, type Group } from './subscriptions.ts'
import { Tail, type Entry, type TailBounds } from './tail.ts'
import { Turn, type TurnParts } from './turn.ts'

export type { CloseReason, Connection }

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
  /** Hears how many events each replay was, when its stream has caught up. */
  onReplayed?: (events: number) => void
  /** Hears of a stream that was dropped because a write to it failed, and of an event that no frame could be made of. */
  onError?: (error: unknown) => void
}

/**
 * One worker's topics and their connections. Knows neither HTTP nor Redis.
 *
 * A connection is live (it has every event of its topics up to the tail's last), behind (CatchUp) or ahead (Ahead).
 * A batch enters the tail first, and is then written to the connections that were live before: whoever becomes live
 * meanwhile has it from the tail. Batches, gaps and heartbeats come one after another, so no stream sees one inside
 * another; long ones leave turns of the event loop to others.
 */
export class Hub implements Subscriber {
  readonly stats: Stats
  readonly #log: BusLog | undefined
  readonly #tail: Tail | undefined
  readonly #turn: Turn
  readonly #onError: (error: unknown) => void
  readonly #subscriptions = new Subscriptions()
  readonly #catchUp: CatchUp | undefined
  readonly #ahead: Ahead | undefined
  #connections = 0
  #queue: Promise<void> = Promise.resolve()
  // Counts batches, gaps and heartbeats: see Group.live.
  #round = 0

  constructor(parts: HubParts) {
    const { log, pieceBytesMax, stats = new Stats(), onReplayed, onError = () => undefined } = parts
    this.stats = stats
    this.#turn = new Turn(parts.turn)
    this.#onError = onError
    this.#log = log
    if (log === undefined) return
    const tail = (this.#tail = new Tail(log, parts.tail))
    this.#ahead = new Ahead({
      log,
      tail,
      turn: this.#turn,
      reached: lagging => this.#sort(lagging),
      unknown: lagging => this.#startOver(lagging),
    })
    this.#catchUp = new CatchUp({
      tail,
      turn: this.#turn,
      pieceBytesMax,
      write: (connection, frames, events) => {
        const taken = this.#write(connection, frames, events)
        if (taken) stats.replayed += events
        return taken
      },
      tellGap: position => this.#tellGap(position),
      caughtUp: ({ connection, group, replayed }) => {
        this.#makeLive(connection, group)
        onReplayed?.(replayed)
      },
    })
  }

  /** Connections open now. */
  get connections(): number {
    return this.#connections
  }

  /** Topics that at least one connection asked for. */
  get topics(): number {
    return this.#subscriptions.topics
  }

  /** Events and bytes that can be replayed, and events that no longer can. */
  get tail(): { events: number; bytes: number; dropped: number } {
    const { events = 0, bytes = 0, dropped = 0 } = this.#tail ?? {}
    return { events, bytes, dropped }
  }

  /** The position that the next event will follow, null without a log. */
  get position(): string | null {
    return this.#tail?.last ?? null
  }

  /** A snapshot of the open connections. */
  all(): Connection[] {
    return [...this.#everyone()]
  }

  /**
   * Adds the connection that `begin` makes. It starts after `lastId`, up to which its client has everything; without one,
   * with what comes next. `topics` are sorted and without doubles. Returns the undo, which may be called more than once.
   */
  open(
    topics: readonly string[],
    lastId: string | undefined,
    begin: (start: Start) => Connection,
  ): () => void {
    const { position, gap } = this.#startAfter(lastId)
    const connection = begin({ position, gap: gap ? this.#tellGap(position) : '' })
    const group = this.#subscriptions.enter(topics)
    this.#connections += 1
    if (position === null) this.#makeLive(connection, group)
    else this.#sort({ connection, group, position, replayed: 0 })
    let joined = true
    return () => {
      if (!joined) return
      joined = false
      group.live.delete(connection)
      this.#catchUp?.delete(connection)
      this.#ahead?.delete(connection)
      this.#subscriptions.leave(group)
      this.#connections -= 1
    }
  }

  /** Takes a batch into the tail and writes it to every live connection of its topics. Resolves after the last write. */
  async deliver(events: Event[]): Promise<void> {
    await this.#inOrder(async round => {
      const entries = events.flatMap(event => this.#entryOf(event) ?? [])
      this.#tail?.append(entries)
      const batch = new Batch(entries)
      let looks = 0
      for (const topic of batch.topics) {
        for (const group of this.#subscriptions.groupsOf(topic)) {
          // Passing by is cheap, but 10,000 groups with 32 topics in common are passed 320,000 times.
          if ((looks += 1) % 1000 === 0 && this.#turn.isLong) await this.#turn.next()
          if (group.round === round || group.live.size === 0) continue
          group.round = round
          const { bytes, events: count } = batch.framesFor(group.topics)
          await this.#toLive(group, round, bytes, count)
        }
      }
      await this.#ahead?.release()
    })
  }

  /** Tells every connection that is not ahead of `position` that events are or may be missing. All that follows will come. */
  async gap(position: string | null): Promise<void> {
    await this.#inOrder(async round => {
      if (this.#connections > 0) this.stats.gaps += 1
      if (position !== null) this.#tail?.restart(position)
      // What they were being given is gone: this gap is for them, too.
      for (const { connection, group } of this.#catchUp?.takeAll() ?? [])
        group.live.set(connection, round - 1)
      await this.#toAllLive(round, Buffer.from(gapFrame(position, this.#oldest)))
      // Whoever is still ahead has what comes next already. The others came from events that are gone.
      await this.#ahead?.release()
    })
  }

  /**
   * Writes a heartbeat to every connection. To the live ones it says the position that all of them have, so that the
   * clients of quiet topics keep up with the trimming of the log.
   */
  async heartbeat(): Promise<void> {
    await this.#inOrder(async round => {
      this.stats.heartbeats += 1
      await this.#toAllLive(round, Buffer.from(heartbeatFrame(this.position)))
      const comment = Buffer.from(commentFrame())
      for (const connection of this.#notLive()) {
        this.#write(connection, comment)
        if (this.#turn.isLong) await this.#turn.next()
      }
    })
  }

  /** Lets every connection check its own bounds. */
  sweep(now: number): void {
    for (const connection of this.#everyone()) connection.sweep(now)
    void this.#ahead?.ask()
  }

  get #oldest(): string | null {
    return this.#tail?.oldest ?? null
  }

  *#everyone(): Iterable<Connection> {
    for (const { live } of this.#subscriptions.groups) yield* live.keys()
    yield* this.#notLive()
  }

  *#notLive(): Iterable<Connection> {
    yield* this.#catchUp?.connections ?? []
    yield* this.#ahead?.connections ?? []
  }

  #startAfter(lastId: string | undefined): { position: string | null; gap: boolean } {
    if (this.#tail === undefined) return { position: null, gap: lastId !== undefined }
    return lastId === undefined ? { position: this.#tail.last, gap: false } : this.#tail.startAfter(lastId)
  }

  #sort(lagging: Lagging): void {
    const last = this.#tail?.last ?? lagging.position
    const order = this.#log?.compare(lagging.position, last) ?? 0
    if (order > 0) {
      this.#ahead?.add(lagging)
    } else if (order === 0) {
      this.#makeLive(lagging.connection, lagging.group)
    } else {
      this.stats.replays += 1
      this.#catchUp?.add(lagging)
    }
  }

  // In the turn in which it has everything up to the tail's last.
  #makeLive(connection: Connection, group: Group): void {
    group.live.set(connection, this.#round)
  }

  // Its id is from the future, or from another log.
  #startOver({ connection, group }: Lagging): void {
    this.#write(connection, Buffer.from(this.#tellGap(this.position)))
    this.#makeLive(connection, group)
  }

  /** Every gap for one stream is told by this text, and counted here. */
  #tellGap(position: string | null): string {
    this.stats.gapsOnReturn += 1
    return gapFrame(position, this.#oldest)
  }

  // Whoever is live when its time comes is in.
  #inOrder(work: (round: number) => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(() => work((this.#round += 1)))
    return this.#queue
  }

  async #toAllLive(round: number, frames: Buffer): Promise<void> {
    for (const group of this.#subscriptions.groups) await this.#toLive(group, round, frames, 0)
  }

  async #toLive(group: Group, round: number, frames: Buffer, events: number): Promise<void> {
    for (const [connection, since] of group.live) {
      if (since === round) continue
      this.#write(connection, frames, events)
      if (this.#turn.isLong) await this.#turn.next()
    }
  }

  // One broken socket costs one stream.
  #write(connection: Connection, frames: Buffer, events = 0): boolean {
    try {
      if (!connection.write(frames)) return false
    } catch (error) {
      this.#onError(error)
      connection.close('failed')
      return false
    }
    this.stats.bytes += frames.length
    this.stats.delivered += events
    return true
  }

  // What the bus should have refused. A line break in a field would forge the next one on every stream.
  #entryOf(event: Event): Entry | undefined {
    try {
      return { id: event.id, topic: event.topic, frame: eventFrame(event), bytes: event.bytes }
    } catch (error) {
      this.#onError(error)
      return undefined
    }
  }
}
