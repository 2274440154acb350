import { BoundedMap } from './bounded-map.ts'
import { fields } from './fields.ts'

/** Ids kept; the oldest is forgotten, and its event shows an unknown publisher. The list shows 200 rows. */
const idsMax = 1000

/**
 * Which worker published which event. Only the answer to the POST says so, and only to the tab that sent it: the tabs of
 * one origin tell each other. An event from elsewhere (curl) stays unknown.
 */
export class Publishers {
  readonly #channel = new BroadcastChannel('sse-lab/published')
  readonly #workers = new BoundedMap<string, string>(idsMax)
  readonly #learned: (id: string, worker: string) => void

  constructor(learned: (id: string, worker: string) => void) {
    this.#learned = learned
    this.#channel.addEventListener('message', (event: MessageEvent<unknown>) => {
      const { id, worker } = fields(event.data)
      if (typeof id === 'string' && typeof worker === 'string') this.#learn(id, worker)
    })
  }

  tell(id: string, worker: string): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows; a channel has one origin.
    this.#channel.postMessage({ id, worker })
    this.#learn(id, worker)
  }

  of(id: string): string | undefined {
    return this.#workers.get(id)
  }

  #learn(id: string, worker: string): void {
    this.#workers.set(id, worker)
    this.#learned(id, worker)
  }
}
