import type { StreamEvent } from './stream.ts'

/** Types of the lab's own events. No publisher may use them. */
const labTypes = ['hello', 'gap', 'heartbeat']

/** What a server says by itself: greetings, ticks, heartbeats. No case may take it for something that was published. */
export class Background {
  readonly #types = new Set(labTypes)
  readonly #shapes = new Set<string>()

  /** Learns from an event that nobody published. */
  hear({ type, raw }: StreamEvent): void {
    // A page hears types apart, so one that a server uses by itself is its own. Untyped ones are known by their form.
    if (type === 'message') this.#shapes.add(shapeOf(raw))
    else this.#types.add(type)
  }

  has({ type, raw }: StreamEvent): boolean {
    return this.#types.has(type) || (type === 'message' && this.#shapes.has(shapeOf(raw)))
  }

  /** Whether anything was heard beside the lab's own. */
  get heard(): boolean {
    return this.#shapes.size > 0 || this.#types.size > labTypes.length
  }
}

// Clocks and counters differ from one event to the next.
function shapeOf(raw: string): string {
  return raw.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+/g, '0').slice(0, 200)
}
