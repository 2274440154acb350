import type { Bus, Once } from '../bus/bus.ts'
import type { Draft, Event } from '../event.ts'
import { untilThere, type RedisClient } from '../redis-client.ts'
import { readCursor } from './cursor.ts'
import type { PartitionBus } from './partition-bus.ts'
import { partitionOf } from './scope.ts'

/**
 * Several logs: each topic is in that of its scope. Publishes go to any of them; who reads which is the affair of
 * PartitionedHub.
 */
export class PartitionedBus {
  readonly name = 'streams'
  readonly log = { isId: (text: string) => readCursor(text) !== undefined }
  readonly partitions: readonly PartitionBus[]
  readonly #links: { commands: RedisClient; publisher: RedisClient | undefined }
  readonly #read = new Set<PartitionBus>()

  constructor(
    links: { commands: RedisClient; publisher: RedisClient | undefined },
    partitions: readonly PartitionBus[],
  ) {
    this.#links = links
    this.partitions = partitions
  }

  /** Whether Redis is there, and every log that is read is read to its end. */
  get ready(): boolean {
    return this.#links.commands.status === 'ready' && [...this.#read].every(({ ready }) => ready)
  }

  /** Of the log that lags most. */
  get lagMs(): number | null {
    const lags = [...this.#read].flatMap(({ lagMs }) => lagMs ?? [])
    return lags.length === 0 ? null : Math.max(...lags)
  }

  /** Resolves when Redis is there. */
  async open(): Promise<void> {
    const { commands, publisher } = this.#links
    await Promise.all([commands, ...(publisher ? [publisher] : [])].map(untilThere))
  }

  async publish(draft: Draft, once?: Once): Promise<Event> {
    return await this.partition(partitionOf(draft.topic, this.partitions.length)).publish(draft, once)
  }

  /** The log is read from now on, or no longer: only those that are read count for `ready`. */
  isRead(partition: PartitionBus, isRead: boolean): void {
    if (isRead) this.#read.add(partition)
    else this.#read.delete(partition)
  }

  partition(n: number): PartitionBus {
    const partition = this.partitions[n]
    if (partition === undefined) throw new RangeError(`there is no partition ${n}`)
    return partition
  }

  async close(): Promise<void> {
    await Promise.all(this.partitions.map(async partition => await partition.close()))
  }
}

/** A bus with one log or none, or one with several. */
export type AnyBus = Bus | PartitionedBus
