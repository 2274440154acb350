import type { Stats } from '../stats.ts'
import type { Batch } from './batch.ts'
import type { Connection, Group, Subscriptions } from './subscriptions.ts'
import type { Turn } from './turn.ts'

export type BroadcastParts = {
  subscriptions: Subscriptions
  turn: Turn
  stats: Stats
  /** Hears of a connection that was dropped because a write to it failed. */
  onError: (error: unknown) => void
}

/**
 * Writes to many connections: one thing after another, so that no stream sees one inside another, and in slices, so that
 * others get their turns of the event loop.
 *
 * Each thing that is written is a round. Who became live in a round has what is written in it already, from the tail or from
 * its hello: so nobody needs a snapshot of the connections.
 */
export class Broadcast {
  readonly #parts: BroadcastParts
  #queue: Promise<void> = Promise.resolve()
  #round = 0

  constructor(parts: BroadcastParts) {
    this.#parts = parts
  }

  /** Begins a round when the one before is over. */
  inOrder(work: (round: number) => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(() => work((this.#round += 1)))
    return this.#queue
  }

  /** To call in the turn in which the connection has everything up to the tail's last. */
  makeLive(connection: Connection, group: Group): void {
    group.live.set(connection, this.#round)
  }

  /** Writes a batch to the connections of its topics that were live before this round. */
  async batch(round: number, batch: Batch): Promise<void> {
    const { subscriptions, turn } = this.#parts
    let looks = 0
    for (const topic of batch.topics) {
      for (const group of subscriptions.groupsOf(topic)) {
        // Passing by is cheap, but 10,000 groups with 32 topics in common are passed 320,000 times.
        if ((looks += 1) % 1000 === 0 && turn.isLong) await turn.next()
        if (group.round === round || group.live.size === 0) continue
        group.round = round
        const { bytes, events } = batch.framesFor(group.topics)
        await this.#toGroup(group, round, bytes, events)
      }
    }
  }

  /** Writes frames to all connections that were live before this round. */
  async all(round: number, frames: Buffer): Promise<void> {
    for (const group of this.#parts.subscriptions.groups) await this.#toGroup(group, round, frames, 0)
  }

  /** Writes frames to these connections. */
  async each(connections: Iterable<Connection>, frames: Buffer): Promise<void> {
    const { turn } = this.#parts
    for (const connection of connections) {
      this.write(connection, frames)
      if (turn.isLong) await turn.next()
    }
  }

  /** Writes frames that hold so many events. Answers whether they were taken. One broken socket costs one stream. */
  write(connection: Connection, frames: Buffer, events = 0): boolean {
    const { stats, onError } = this.#parts
    try {
      if (!connection.write(frames)) return false
    } catch (error) {
      onError(error)
      connection.close('failed')
      return false
    }
    stats.bytes += frames.length
    stats.delivered += events
    return true
  }

  async #toGroup(group: Group, round: number, frames: Buffer, events: number): Promise<void> {
    const { turn } = this.#parts
    let writes = 0
    for (const [connection, since] of group.live) {
      if (since === round) continue
      this.write(connection, frames, events)
      // Looking at the clock after each write is half of what this loop costs by itself.
      if ((writes += 1) % 16 === 0 && turn.isLong) await turn.next()
    }
    // Most groups are smaller than that.
    if (turn.isLong) await turn.next()
  }
}
