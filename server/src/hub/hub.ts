import type { Subscriber } from '../bus/bus.ts'
import type { Event } from '../event.ts'
import { commentFrame, gapFrame, heartbeatFrame } from '../frame.ts'
import { Stats, type CloseReason } from '../stats.ts'
import { Batch } from './batch.ts'
import { Broadcast } from './broadcast.ts'
import { entryOf } from './entry.ts'
import type { HubParts, Start } from './hub-parts.ts'
import { Returns } from './returns.ts'
import { Subscriptions, type Connection } from './subscriptions.ts'
import { sweep } from './sweep.ts'
import { Turn } from './turn.ts'

export type { CloseReason, Connection }

/**
 * One worker's topics and their connections. Knows neither HTTP nor Redis.
 *
 * A connection is live (it has every event of its topics up to the tail's last), or behind or ahead of that (Returns).
 * A batch enters the tail first, and is then written to the connections that were live before: whoever becomes live
 * meanwhile has it from the tail. Batches, gaps and heartbeats come one after another, so no stream sees one inside
 * another; long ones leave turns of the event loop to others.
 */
export class Hub implements Subscriber {
  readonly stats: Stats
  readonly #onError: (error: unknown) => void
  readonly #subscriptions = new Subscriptions()
  readonly #broadcast: Broadcast
  // Undefined without a log: then nobody is behind or ahead.
  readonly #returns: Returns | undefined
  #connections = 0

  constructor(parts: HubParts) {
    const { log, writeAll, stats = new Stats(), onError = () => undefined } = parts
    const turn = new Turn(parts.turn)
    this.stats = stats
    this.#onError = onError
    const broadcast = new Broadcast({ subscriptions: this.#subscriptions, turn, stats, writeAll, onError })
    this.#broadcast = broadcast
    this.#returns = log && new Returns({ ...parts, log, broadcast, turn, stats })
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
    const { events = 0, bytes = 0, dropped = 0 } = this.#returns?.tail ?? {}
    return { events, bytes, dropped }
  }

  /** The position that the next event will follow, null without a log. */
  get position(): string | null {
    return this.#returns?.tail.last ?? null
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
    const start = this.startAfter(lastId)
    const connection = begin(start)
    const group = this.#subscriptions.enter(topics)
    this.#connections += 1
    const { position } = start
    if (position === null) this.#broadcast.makeLive(connection, group)
    else this.#returns?.settle({ connection, group, position, replayed: 0 })
    let joined = true
    return () => {
      if (!joined) return
      joined = false
      group.live.delete(connection)
      this.#returns?.delete(connection)
      this.#subscriptions.leave(group)
      this.#connections -= 1
    }
  }

  /** Takes a batch into the tail and writes it to every live connection of its topics. Resolves after the last write. */
  async deliver(events: Event[]): Promise<void> {
    await this.#broadcast.inOrder(async round => {
      const entries = events.flatMap(event => entryOf(event, this.#onError) ?? [])
      this.#returns?.tail.append(entries)
      await this.#broadcast.batch(round, new Batch(entries))
      await this.#returns?.release()
    })
  }

  /** Tells every connection that is not ahead of `position` that events are or may be missing. All that follows will come. */
  async gap(position: string | null): Promise<void> {
    await this.#broadcast.inOrder(async round => {
      if (this.#connections > 0) this.stats.gaps += 1
      if (position !== null) this.#returns?.tail.restart(position)
      // What they were being given is gone: this gap is for them, too.
      for (const { connection, group } of this.#returns?.takeBehind() ?? [])
        group.live.set(connection, round - 1)
      await this.#broadcast.all(round, Buffer.from(gapFrame(position, this.#returns?.tail.oldest ?? null)))
      // Whoever is still ahead has what comes next already. The others came from events that are gone.
      await this.#returns?.release()
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
      await this.#broadcast.each(this.#returns?.connections() ?? [], Buffer.from(commentFrame()))
    })
  }

  /** Lets every connection check its own bounds, and drops the fullest while all together hold more than `unsentBytesMax`. */
  sweep(now: number, unsentBytesMax = Infinity): void {
    sweep(this.all(), now, unsentBytesMax)
    this.#returns?.ask()
  }

  *#everyone(): Iterable<Connection> {
    for (const { live } of this.#subscriptions.groups) yield* live.keys()
    yield* this.#returns?.connections() ?? []
  }

  /** Where a stream starts whose client has everything up to `lastId`. A gap in it counts as told. */
  startAfter(lastId: string | undefined): Start {
    if (this.#returns !== undefined) return this.#returns.startAfter(lastId)
    if (lastId === undefined) return { position: null, gap: '' }
    this.stats.gapsOnReturn += 1
    return { position: null, gap: gapFrame(null, null) }
  }
}
