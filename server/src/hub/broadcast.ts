import type { Stats } from '../stats.ts'
import type { Batch } from './batch.ts'
import type { Connection, Group, Subscriptions } from './subscriptions.ts'
import type { Turn } from './turn.ts'

/** Writes frames to those of the connections that it can, and answers the others. */
export type WriteAll = (connections: readonly Connection[], frames: Buffer) => Connection[]

// One call is one piece of work, which nothing interrupts: about 2 ms.
const sliceMax = 250
const sliceBytesMax = 2 ** 19

export type BroadcastParts = {
  subscriptions: Subscriptions
  turn: Turn
  stats: Stats
  /** A quicker way than one after another, where there is one. */
  writeAll?: WriteAll | undefined
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
    const { turn, writeAll } = this.#parts
    if (writeAll !== undefined) await this.#inSlices(writeAll, group, round, frames, events)
    else await this.#oneByOne(group, round, frames, events)
    // Most groups are smaller than that.
    if (turn.isLong) await turn.next()
  }

  async #oneByOne(group: Group, round: number, frames: Buffer, events: number): Promise<void> {
    const { turn } = this.#parts
    let writes = 0
    for (const [connection, since] of group.live) {
      if (since === round) continue
      this.write(connection, frames, events)
      // Looking at the clock after each write is half of what this loop costs by itself.
      if ((writes += 1) % 16 === 0 && turn.isLong) await turn.next()
    }
  }

  async #inSlices(
    writeAll: WriteAll,
    group: Group,
    round: number,
    frames: Buffer,
    events: number,
  ): Promise<void> {
    const { turn, stats } = this.#parts
    const size = Math.max(1, Math.min(sliceMax, Math.floor(sliceBytesMax / frames.length)))
    let slice: Connection[] = []
    const flush = () => {
      const others = writeAll(slice, frames)
      const written = slice.length - others.length
      stats.nativeWrites += written
      stats.bytes += frames.length * written
      stats.delivered += events * written
      for (const connection of others) this.write(connection, frames, events)
      slice = []
    }
    for (const [connection, since] of group.live) {
      if (since === round) continue
      if (slice.push(connection) < size) continue
      flush()
      if (turn.isLong) await turn.next()
    }
    if (slice.length > 0) flush()
  }
}
