import type { BusLog, Subscriber } from '../bus/bus.ts'
import type { Event } from '../event.ts'
import { commentFrame, gapFrame, heartbeatFrame } from '../frame.ts'
import { Stats, type CloseReason } from '../stats.ts'
import { Ahead } from './ahead.ts'
import { Batch } from './batch.ts'
import { Broadcast } from './broadcast.ts'
import { CatchUp, type Lagging } from './catch-up.ts'
import { Subscriptions, type Connection } from './subscriptions.ts'
import { entryOf, Tail, type TailBounds } from './tail.ts'
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
  readonly #onError: (error: unknown) => void
  readonly #subscriptions = new Subscriptions()
  readonly #broadcast: Broadcast
  readonly #tail: Tail | undefined
  readonly #catchUp: CatchUp | undefined
  readonly #ahead: Ahead | undefined
  #connections = 0

  constructor(parts: HubParts) {
    const { log, pieceBytesMax, stats = new Stats(), onReplayed, onError = () => undefined } = parts
    const turn = new Turn(parts.turn)
    this.stats = stats
    this.#log = log
    this.#onError = onError
    const broadcast = new Broadcast({ subscriptions: this.#subscriptions, turn, stats, onError })
    this.#broadcast = broadcast
    if (log === undefined) return
    const tail = (this.#tail = new Tail(log, parts.tail))
    this.#ahead = new Ahead({
      log,
      tail,
      turn,
      reached: lagging => this.#sort(lagging),
      unknown: (lagging, last) => this.#startOver(lagging, last),
    })
    this.#catchUp = new CatchUp({
      tail,
      turn,
      pieceBytesMax,
      write: (connection, frames, events) => {
        const taken = broadcast.write(connection, frames, events)
        if (taken) stats.replayed += events
        return taken
      },
      tellGap: position => this.#tellGap(position),
      caughtUp: ({ connection, group, replayed }) => {
        broadcast.makeLive(connection, group)
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
    if (position === null) this.#broadcast.makeLive(connection, group)
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
    await this.#broadcast.inOrder(async round => {
      const entries = events.flatMap(event => entryOf(event, this.#onError) ?? [])
      this.#tail?.append(entries)
      await this.#broadcast.batch(round, new Batch(entries))
      await this.#ahead?.release()
    })
  }

  /** Tells every connection that is not ahead of `position` that events are or may be missing. All that follows will come. */
  async gap(position: string | null): Promise<void> {
    await this.#broadcast.inOrder(async round => {
      if (this.#connections > 0) this.stats.gaps += 1
      if (position !== null) this.#tail?.restart(position)
      // What they were being given is gone: this gap is for them, too.
      for (const { connection, group } of this.#catchUp?.takeAll() ?? [])
        group.live.set(connection, round - 1)
      await this.#broadcast.all(round, Buffer.from(gapFrame(position, this.#oldest)))
      // Whoever is still ahead has what comes next already. The others came from events that are gone.
      await this.#ahead?.release()
    })
  }

  /**
   * Writes a heartbeat to every connection. To the live ones it says the position that all of them have, so that the
   * clients of quiet topics keep up with the trimming of the log.
   */
  async heartbeat(): Promise<void> {
    await this.#broadcast.inOrder(async round => {
      this.stats.heartbeats += 1
      await this.#broadcast.all(round, Buffer.from(heartbeatFrame(this.position)))
      await this.#broadcast.each(this.#notLive(), Buffer.from(commentFrame()))
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
      this.#broadcast.makeLive(lagging.connection, lagging.group)
    } else {
      this.stats.replays += 1
      this.#catchUp?.add(lagging)
    }
  }

  // Its id is from the future, or from another log: it starts at the end. This worker may not be there yet, and what was
  // published before must not look like what comes after.
  #startOver(lagging: Lagging, last: string): void {
    const isBehind = this.#log !== undefined && this.#log.compare(last, this.position ?? last) > 0
    const position = isBehind ? last : (this.position ?? last)
    this.#broadcast.write(lagging.connection, Buffer.from(this.#tellGap(position)))
    this.#sort({ ...lagging, position })
  }

  /** Every gap for one stream is told by this text, and counted here. */
  #tellGap(position: string | null): string {
    this.stats.gapsOnReturn += 1
    return gapFrame(position, this.#oldest)
  }
}
