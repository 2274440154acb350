import type { StreamsBus } from '../bus/streams/streams.ts'
import type { Bus, BusLog, Once, Subscriber } from '../bus/bus.ts'
import type { Draft, Event } from '../event.ts'

/** One log of several: a streams bus whose ids have the number of its partition in front, `3:<ms>-<sequence>`. */
export class PartitionBus implements Bus {
  readonly name = 'streams'
  readonly log: BusLog
  readonly #bus: StreamsBus
  readonly #prefix: string

  constructor(partition: number, bus: StreamsBus) {
    this.#bus = bus
    const prefix = (this.#prefix = `${partition}:`)
    const own = (id: string) => id.slice(prefix.length)
    this.log = {
      isId: text => text.startsWith(prefix) && bus.log.isId(own(text)),
      compare: (a, b) => bus.log.compare(own(a), own(b)),
      lastId: async () => prefix + (await bus.log.lastId()),
    }
  }

  get ready(): boolean {
    return this.#bus.ready
  }

  get lagMs(): number | null {
    return this.#bus.lagMs
  }

  async publish(draft: Draft, once?: Once): Promise<Event> {
    return this.#named(await this.#bus.publish(draft, once))
  }

  async subscribe(subscriber: Subscriber): Promise<void> {
    await this.#bus.subscribe({
      deliver: async batch => await subscriber.deliver(batch.map(event => this.#named(event))),
      gap: async position => await subscriber.gap(position === null ? null : this.#prefix + position),
    })
  }

  /** Stops reading. It can be subscribed to again, and begins anew then. */
  unsubscribe(): void {
    this.#bus.unsubscribe()
  }

  async close(): Promise<void> {
    await this.#bus.close()
  }

  #named(event: Event): Event {
    return { ...event, id: this.#prefix + event.id }
  }
}
