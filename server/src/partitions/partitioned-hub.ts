import { gapFrame } from '../frame.ts'
import type { Connection } from '../hub/hub.ts'
import type { Start } from '../hub/hub-parts.ts'
import type { StreamHub } from '../hub/stream-hub.ts'
import { sweep } from '../hub/sweep.ts'
import type { Stats } from '../stats.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { JointConnection } from './joint-connection.ts'
import type { OpenLogs } from './open-logs.ts'
import { byPartition } from './scope.ts'

type Begin = (start: Start) => Connection

/**
 * The hubs of several logs as one. A stream of one scope is in the hub of one log, as if there were no others; one of several
 * scopes is in several. A log is read while a stream of this worker wants a topic of it.
 */
export class PartitionedHub implements StreamHub {
  readonly stats: Stats
  readonly #logs: OpenLogs
  readonly #count: number
  readonly #connections = new Set<Connection>()
  #waiting = 0

  /** `count`: how many logs there are. `stats`: those that the hubs of the logs count in. */
  constructor(logs: OpenLogs, count: number, stats: Stats) {
    this.#logs = logs
    this.#count = count
    this.stats = stats
  }

  /** Connections that are open, or wait for a log. */
  get connections(): number {
    return this.#connections.size + this.#waiting
  }

  get topics(): number {
    return this.#logs.hubs.reduce((sum, { topics }) => sum + topics, 0)
  }

  get tail(): { events: number; bytes: number; dropped: number } {
    const sum = { events: 0, bytes: 0, dropped: 0 }
    for (const { tail } of this.#logs.hubs) {
      sum.events += tail.events
      sum.bytes += tail.bytes
      sum.dropped += tail.dropped
    }
    return sum
  }

  all(): Connection[] {
    return [...this.#connections]
  }

  prepare(topics: readonly string[]): Promise<boolean> | undefined {
    const partitions = [...byPartition(topics, this.#count).keys()]
    return this.#logs.areOpen(partitions) ? undefined : this.#await(partitions)
  }

  open(topics: readonly string[], lastId: string | undefined, begin: Begin): () => void {
    const parts = [...byPartition(topics, this.#count)]
    let connection: Connection | undefined
    const leave = this.#enter(parts, lastId, start => {
      connection = begin(start)
      this.#connections.add(connection)
      return connection
    })
    const release = this.#logs.want(parts.map(([n]) => n))
    let joined = true
    return () => {
      if (!joined) return
      joined = false
      leave()
      if (connection !== undefined) this.#connections.delete(connection)
      release()
    }
  }

  async heartbeat(): Promise<void> {
    await Promise.all(this.#logs.hubs.map(async hub => await hub.heartbeat()))
  }

  sweep(now: number, unsentBytesMax = Infinity): void {
    for (const hub of this.#logs.hubs) hub.sweep(now)
    sweep(this.all(), now, unsentBytesMax)
  }

  async #await(partitions: number[]): Promise<boolean> {
    this.#waiting += 1
    return await this.#logs.inTime(partitions).finally(() => (this.#waiting -= 1))
  }

  #enter(parts: [number, string[]][], lastId: string | undefined, begin: Begin): () => void {
    const [[n, topics] = [0, []], ...others] = parts
    if (others.length === 0) return this.#logs.hubOf(n).open(topics, partOf(lastId, n), begin)
    return this.#enterAll(parts, lastId, begin)
  }

  #enterAll(parts: [number, string[]][], lastId: string | undefined, begin: Begin): () => void {
    const starts = parts.map(([n]) => this.#logs.hubOf(n).startAfter(partOf(lastId, n)))
    const positions = new Map(
      parts.map(([n], at) => [n, (starts[at]?.position ?? '').slice(`${n}:`.length)] as const),
    )
    const position = writeCursor(positions)
    const gap = starts.some(start => start.gap !== '') ? gapFrame(position, null) : ''
    const joint = new JointConnection(begin({ position, gap }), positions)
    const leaves = parts.map(([n, topics]) =>
      this.#logs.hubOf(n).open(topics, `${n}:${positions.get(n)}`, () => joint.partOf(n)),
    )
    return () => {
      for (const leave of leaves) leave()
    }
  }
}

/** What an id says of one partition. One that says nothing of it is passed on as it is: no log takes it for one of its own. */
function partOf(lastId: string | undefined, partition: number): string | undefined {
  const id = lastId === undefined ? undefined : readCursor(lastId)?.get(partition)
  return id === undefined ? lastId : `${partition}:${id}`
}
