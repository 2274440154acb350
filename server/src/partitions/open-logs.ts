import { setTimeout as pause } from 'node:timers/promises'
import type { Hub } from '../hub/hub.ts'
import type { PartitionBus } from './partition-bus.ts'
import type { PartitionedBus } from './partitioned-bus.ts'

// Opening a log reads all of it. Who leaves and comes back soon should not cost that again.
const lingerMs = 30_000
// How long a new stream waits for a log that nobody has read here; then its client is told to come back.
const openWithinMs = 3000

/** Makes the hub of a log, and has it read: `opened` resolves when it is read to its end. */
export type ReadLog = (bus: PartitionBus) => { hub: Hub; opened: Promise<void> }

/** A log that is read, with the hub of its streams. `wanted` counts those, and those that wait for it to be open. */
type Open = { hub: Hub; opened: Promise<void>; isOpen: boolean; wanted: number; timer?: NodeJS.Timeout }

/** The logs that this worker reads: each while somebody wants it, and a while longer. */
export class OpenLogs {
  readonly #bus: PartitionedBus
  readonly #read: ReadLog
  readonly #lingerMs: number
  readonly #open = new Map<number, Open>()

  constructor(bus: PartitionedBus, read: ReadLog, own = { lingerMs }) {
    this.#bus = bus
    this.#read = read
    this.#lingerMs = own.lingerMs
  }

  get hubs(): Hub[] {
    return [...this.#open.values()].map(({ hub }) => hub)
  }

  hubOf(partition: number): Hub {
    return this.#ensure(partition).hub
  }

  /** Has these read. Whether all of them are open already. */
  areOpen(partitions: readonly number[]): boolean {
    return partitions.map(n => this.#ensure(n)).every(({ isOpen }) => isOpen)
  }

  /** Whether these are open in time. */
  async inTime(partitions: readonly number[]): Promise<boolean> {
    const release = this.want(partitions)
    const opened = Promise.all(partitions.map(async n => await this.#ensure(n).opened)).then(() => true)
    const inTime = await Promise.race([opened, pause(openWithinMs, false, { ref: false })])
    release()
    return inTime
  }

  /** Somebody wants these, until what is returned is called, once. */
  want(partitions: readonly number[]): () => void {
    for (const n of partitions) this.#ensure(n).wanted += 1
    return () => {
      for (const n of partitions) {
        this.#ensure(n).wanted -= 1
        this.#linger(n)
      }
    }
  }

  #ensure(n: number): Open {
    const found = this.#open.get(n)
    if (found !== undefined) return found
    const open: Open = { ...this.#read(this.#bus.partition(n)), isOpen: false, wanted: 0 }
    this.#open.set(n, open)
    // An error of the subscriber must end the process: hence no catch.
    void this.#opens(n, open)
    return open
  }

  async #opens(n: number, open: Open): Promise<void> {
    await open.opened
    open.isOpen = true
    this.#bus.isRead(this.#bus.partition(n), this.#open.get(n) === open)
  }

  #linger(n: number): void {
    const open = this.#open.get(n)
    if (open === undefined || open.wanted > 0) return
    clearTimeout(open.timer)
    open.timer = setTimeout(() => {
      if (open.wanted > 0 || this.#open.get(n) !== open) return
      this.#open.delete(n)
      const partition = this.#bus.partition(n)
      this.#bus.isRead(partition, false)
      partition.unsubscribe()
    }, this.#lingerMs).unref()
  }
}
