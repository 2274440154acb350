import { randomUUID } from 'node:crypto'
import type { Draft, Event } from '../event.ts'
import type { Bus, Subscriber } from './bus.ts'
import { Inbox, type InboxBounds } from './inbox.ts'

/**
 * A bus that ends at the worker's own memory: problem 1. With one worker it is all one needs; with N, an event reaches
 * only the streams of the worker that took the publish.
 */
export class MemoryBus implements Bus {
  readonly name = 'memory'
  readonly log = undefined
  readonly #bounds: InboxBounds
  #inbox: Inbox | undefined
  #lagMs: number | null = null

  constructor(bounds: InboxBounds) {
    this.#bounds = bounds
  }

  get ready(): boolean {
    return this.#inbox !== undefined
  }

  get lagMs(): number | null {
    return this.#lagMs
  }

  async publish(draft: Draft): Promise<Event> {
    const event = { ...draft, id: randomUUID() }
    this.#lagMs = 0
    // The publisher is answered when the bus holds the event, not when every stream has it. If delivery fails the
    // process must end, as it would for any other bus: hence no catch.
    void this.#inbox?.push(event)
    return event
  }

  async subscribe(subscriber: Subscriber): Promise<void> {
    this.#inbox = new Inbox(subscriber, this.#bounds)
  }

  async close(): Promise<void> {
    this.#inbox = undefined
  }
}
