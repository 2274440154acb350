import type { BusLog } from '../bus/bus.ts'
import { gapFrame } from '../frame.ts'
import type { Stats } from '../stats.ts'
import { Ahead } from './ahead.ts'
import type { Broadcast } from './broadcast.ts'
import { CatchUp, type Lagging } from './catch-up.ts'
import type { HubParts } from './hub-parts.ts'
import type { Connection } from './subscriptions.ts'
import { Tail } from './tail.ts'
import type { Turn } from './turn.ts'

export type ReturnsParts = Pick<HubParts, 'tail' | 'pieceBytesMax' | 'onReplayed'> & {
  log: BusLog
  broadcast: Broadcast
  turn: Turn
  stats: Stats
}

/**
 * Connections that come back with a position: those behind this worker are given what they miss (CatchUp), those ahead of it
 * wait until it is there (Ahead). Each becomes live in the turn in which it has everything up to the tail's last.
 */
export class Returns {
  readonly tail: Tail
  readonly #log: BusLog
  readonly #broadcast: Broadcast
  readonly #stats: Stats
  readonly #catchUp: CatchUp
  readonly #ahead: Ahead

  constructor(parts: ReturnsParts) {
    const { log, pieceBytesMax, broadcast, turn, stats, onReplayed } = parts
    this.#log = log
    this.#broadcast = broadcast
    this.#stats = stats
    const tail = (this.tail = new Tail(log, parts.tail))
    this.#ahead = new Ahead({
      log,
      tail,
      turn,
      reached: lagging => this.settle(lagging),
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

  /** Those that are not live. */
  *connections(): Iterable<Connection> {
    yield* this.#catchUp.connections
    yield* this.#ahead.connections
  }

  /** Where a client starts that has everything up to `lastId`; without one, with what comes next. */
  startAfter(lastId: string | undefined): { position: string; gap: string } {
    if (lastId === undefined) return { position: this.tail.last, gap: '' }
    const { position, gap } = this.tail.startAfter(lastId)
    return { position, gap: gap ? this.#tellGap(position) : '' }
  }

  /** Makes a connection live if it has everything, and takes it up if not. */
  settle(lagging: Lagging): void {
    const order = this.#log.compare(lagging.position, this.tail.last)
    if (order > 0) {
      this.#ahead.add(lagging)
    } else if (order === 0) {
      this.#broadcast.makeLive(lagging.connection, lagging.group)
    } else {
      this.#stats.replays += 1
      this.#catchUp.add(lagging)
    }
  }

  delete(connection: Connection): void {
    this.#catchUp.delete(connection)
    this.#ahead.delete(connection)
  }

  /** Takes those behind out of their replays. */
  takeBehind(): Lagging[] {
    return this.#catchUp.takeAll()
  }

  /** Lets go those ahead whom the tail has reached. */
  async release(): Promise<void> {
    await this.#ahead.release()
  }

  /** Asks the log about those ahead, whether it has their ids at all. */
  ask(): void {
    void this.#ahead.ask()
  }

  // Its id is from the future, or from another log: it starts at the end. This worker may not be there yet, and what was
  // published before must not look like what comes after.
  #startOver(lagging: Lagging, last: string): void {
    const position = this.#log.compare(last, this.tail.last) > 0 ? last : this.tail.last
    this.#broadcast.write(lagging.connection, Buffer.from(this.#tellGap(position)))
    this.settle({ ...lagging, position })
  }

  /** Every gap for one stream is told by this text, and counted here. */
  #tellGap(position: string): string {
    this.#stats.gapsOnReturn += 1
    return gapFrame(position, this.tail.oldest)
  }
}
