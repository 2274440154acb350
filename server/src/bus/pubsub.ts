import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { eventTopic, eventType } from '../event-rules.ts'
import type { Draft, Event } from '../event.ts'
import { frameBytes } from '../frame.ts'
import type { Log } from '../observe/facts.ts'
import { RepeatedFact } from '../observe/repeated-fact.ts'
import type { Bus, Subscriber } from './bus.ts'
import { busError } from './errors.ts'
import { Inbox, type InboxBounds } from './inbox.ts'
import { PubsubLink } from './pubsub-link.ts'
import type { RedisClient } from '../redis-client.ts'

// What travels on the channel: the event, and when its publisher sent it (ms since the epoch).
const envelope = z.object({
  id: z.uuid(),
  topic: eventTopic,
  type: eventType.exactOptional(),
  data: z.string(),
  at: z.number(),
})

export type PubsubParts = { commands: RedisClient; subscription: RedisClient; bounds: InboxBounds; log: Log }

/**
 * The classic fix: every worker hears every event through Redis Pub/Sub, on one channel for all topics, so that
 * opening a stream costs Redis nothing.
 *
 * At most once: what is published while a worker's link to Redis is down never reaches its streams. They are told by a
 * gap when the link is back. https://redis.io/docs/latest/develop/pubsub/
 */
export class PubsubBus implements Bus {
  readonly name = 'pubsub'
  readonly log = undefined
  readonly #parts: PubsubParts
  readonly #channel: string
  readonly #foreign: RepeatedFact
  #link: PubsubLink | undefined
  #lagMs: number | null = null

  constructor(parts: PubsubParts) {
    this.#parts = parts
    // ioredis puts the prefix before keys, and not before channels.
    this.#channel = `${parts.commands.options.keyPrefix ?? ''}sse-lab:events`
    this.#foreign = new RepeatedFact(parts.log, {
      text: 'ignored texts on the channel that no worker can have sent',
    })
  }

  get ready(): boolean {
    return this.#link?.ready ?? false
  }

  get lagMs(): number | null {
    return this.#lagMs
  }

  async publish(draft: Draft): Promise<Event> {
    const event = { ...draft, id: randomUUID() }
    try {
      await this.#parts.commands.publish(this.#channel, JSON.stringify({ ...event, at: Date.now() }))
    } catch (error) {
      throw busError('take the event', error)
    }
    return event
  }

  async subscribe(subscriber: Subscriber): Promise<void> {
    const { subscription, bounds, log } = this.#parts
    const inbox = new Inbox(subscriber, bounds)
    this.#link = new PubsubLink({
      subscription,
      channel: this.#channel,
      log,
      // An error in delivery must end the process: hence no catch behind `push` and `gap`.
      onText: text => void this.#receive(text, inbox),
      onGap: () => void inbox.gap(),
    })
    await this.#link.open()
  }

  async close(): Promise<void> {
    this.#link?.close()
  }

  async #receive(text: string, inbox: Inbox): Promise<void> {
    const read = readEnvelope(text)
    if (read === undefined) {
      this.#foreign.happened()
      return
    }
    const { at, ...fields } = read
    this.#lagMs = Math.max(0, Date.now() - at)
    await inbox.push({ ...fields, bytes: frameBytes(fields) })
  }
}

// Anyone who reaches Redis can publish there; a text that is no event must not end the worker, nor reach
// a stream.
function readEnvelope(text: string): z.output<typeof envelope> | undefined {
  try {
    return envelope.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
