import type { CloseReason, Connection } from '../hub/hub.ts'
import { writeCursor } from './cursor.ts'

/** One stream over several partitions: its connection, and what it has of each. */
export class JointConnection {
  readonly #connection: Connection
  readonly #positions: Map<number, string>

  /** `positions`: where it starts, `<ms>-<sequence>` by partition. */
  constructor(connection: Connection, positions: ReadonlyMap<number, string>) {
    this.#connection = connection
    this.#positions = new Map(positions)
  }

  /** The stream as the hub of one partition sees it. */
  partOf(partition: number): Connection {
    const connection = this.#connection
    return {
      write: frames => connection.write(this.#renamed(partition, frames)),
      room: async () => await connection.room(),
      // Once is enough: PartitionedHub asks the connection itself.
      sweep: () => undefined,
      unsentBytes: 0,
      end: (reason: CloseReason) => connection.end(reason),
      close: (reason: CloseReason) => connection.close(reason),
    }
  }

  // The hub of a partition writes ids of that alone. The client comes back with the last one that it saw, so each must say what
  // it has of all. Not /^…/m: to that a U+2028 in data begins a line, to a client it does not.
  #renamed(partition: number, frames: Buffer): Buffer {
    const prefix = `${partition}:`
    const text = frames.toString().replaceAll(/(^|\n)id: ([^\n]*)/g, (_, before: string, id: string) => {
      this.#positions.set(partition, id.slice(prefix.length))
      return `${before}id: ${writeCursor(this.#positions)}`
    })
    return Buffer.from(text)
  }
}
