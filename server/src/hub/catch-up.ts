import type { Connection, Group } from './subscriptions.ts'
import type { Tail } from './tail.ts'
import type { Turn } from './turn.ts'

/** A connection that is not live: it has everything up to `position`, which is before or after the tail's last. */
export type Lagging = { connection: Connection; group: Group; position: string; replayed: number }

export type CatchUpParts = {
  tail: Tail
  turn: Turn
  /** Bytes of a replay that are written at once. */
  pieceBytesMax: number
  /** Writes frames that hold so many events. Answers whether they were taken. */
  write: (connection: Connection, frames: Buffer, events: number) => boolean
  /** The text of a gap for one stream, after which comes what follows `position`. */
  tellGap: (position: string) => string
  /** Has everything up to the tail's last, in this turn of the event loop. */
  caughtUp: (lagging: Lagging) => void
}

/**
 * Connections behind this worker. Each is given what it misses from the tail, piece by piece and at its own pace; a herd of
 * them takes turns, so that nobody holds the event loop.
 */
export class CatchUp {
  readonly #parts: CatchUpParts
  readonly #lagging = new Map<Connection, Lagging>()
  // Those that have room for a piece, in the order in which they get it.
  readonly #ready = new Set<Lagging>()
  #running = false

  constructor(parts: CatchUpParts) {
    this.#parts = parts
  }

  get connections(): Iterable<Connection> {
    return this.#lagging.keys()
  }

  add(lagging: Lagging): void {
    this.#lagging.set(lagging.connection, lagging)
    this.#next(lagging)
  }

  delete(connection: Connection): void {
    this.#lagging.delete(connection)
  }

  /** Takes all of them out of their replays. */
  takeAll(): Lagging[] {
    const all = [...this.#lagging.values()]
    this.#lagging.clear()
    return all
  }

  #next(lagging: Lagging): void {
    this.#ready.add(lagging)
    if (!this.#running) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running = true
    for (const lagging of this.#ready) {
      if (this.#parts.turn.isLong) await this.#parts.turn.next()
      this.#ready.delete(lagging)
      // It may have left, or been taken out by a gap.
      if (this.#lagging.get(lagging.connection) === lagging) this.#step(lagging)
    }
    this.#running = false
  }

  #step(lagging: Lagging): void {
    const { tail, pieceBytesMax, write, tellGap, caughtUp } = this.#parts
    const { connection, group } = lagging
    // A slow one may find that what it was to get next has been dropped.
    const start = tail.startAfter(lagging.position)
    const piece = tail.piece(start.position, group.topics, pieceBytesMax)
    const text = (start.gap ? tellGap(start.position) : '') + piece.text
    if (text !== '' && !write(connection, Buffer.from(text), piece.events)) return
    lagging.replayed += piece.events
    lagging.position = piece.position
    if (lagging.position === tail.last) {
      this.#lagging.delete(connection)
      caughtUp(lagging)
    } else if (text === '') {
      this.#next(lagging)
    } else {
      void connection.room().then(() => this.#next(lagging))
    }
  }
}
