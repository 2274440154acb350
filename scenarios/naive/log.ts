import { Redis } from 'ioredis'
import { z } from 'zod'
import type { Draft } from './app.ts'

const key = 'naive:log'
const channel = 'naive:events'

export type Event = Draft & { id: string }

const event = z.object({ id: z.string(), topic: z.string(), data: z.string() })

/** The usual pair: a Redis stream as history, and Pub/Sub for what is live. The flaws are in the files that use it. */
export class Log {
  readonly #commands: Redis
  readonly #history: Redis
  readonly #subscription: Redis
  readonly #eventsMax: number

  constructor(url: string, options: { historyUrl?: string | undefined; eventsMax?: number } = {}) {
    this.#commands = new Redis(url)
    this.#history = new Redis(options.historyUrl ?? url)
    this.#subscription = new Redis(url)
    this.#eventsMax = options.eventsMax ?? 10_000
  }

  /** Adds an event to the history and tells everyone. Returns its id. */
  async add(draft: Draft): Promise<string> {
    const { topic, data } = draft
    const id = await this.#commands.xadd(
      key,
      'MAXLEN',
      '=',
      this.#eventsMax,
      '*',
      'topic',
      topic,
      'data',
      data,
    )
    await this.#commands.publish(channel, JSON.stringify({ id, topic, data }))
    return id ?? ''
  }

  /** What the history has after an id. */
  async after(id: string): Promise<Event[]> {
    const entries = await this.#history.xrange(key, `(${id}`, '+')
    return entries.map(([entryId, [, topic = '', , data = '']]) => ({ id: entryId, topic, data }))
  }

  /** Hears every event from now on. */
  async listen(hear: (event: Event) => void): Promise<void> {
    this.#subscription.on('message', (_channel, text: string) => hear(event.parse(JSON.parse(text))))
    await this.#subscription.subscribe(channel)
  }
}
