import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { Draft, Event } from '../event.ts'
import { frameBytes } from '../frame.ts'
import type { Log } from '../log.ts'
import { BusAway } from '../refusal.ts'
import type { Bus, Subscriber } from './bus.ts'
import { Inbox, type InboxBounds } from './inbox.ts'

const channel = 'sse-lab:events'
const probeMs = 2000

// What travels on the channel: the event, and when its publisher sent it (ms since the epoch).
const envelope = z.object({
  id: z.string(),
  topic: z.string(),
  type: z.string().exactOptional(),
  data: z.string(),
  at: z.number(),
})

export type PubsubParts = { commands: Redis; subscription: Redis; bounds: InboxBounds; log: Log }

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
  readonly #commands: Redis
  readonly #subscription: Redis
  readonly #bounds: InboxBounds
  readonly #log: Log
  #inbox: Inbox | undefined
  #subscriber: Subscriber | undefined
  #heardBefore = false
  #ready = false
  #lagMs: number | null = null
  #probe: NodeJS.Timeout | undefined

  constructor({ commands, subscription, bounds, log }: PubsubParts) {
    this.#commands = commands
    this.#subscription = subscription
    this.#bounds = bounds
    this.#log = log
  }

  get ready(): boolean {
    return this.#ready
  }

  get lagMs(): number | null {
    return this.#lagMs
  }

  async publish(draft: Draft): Promise<Event> {
    const event = { ...draft, id: randomUUID() }
    try {
      await this.#commands.publish(channel, JSON.stringify({ ...event, at: Date.now() }))
    } catch (error) {
      throw new BusAway('Redis did not take the event', { cause: error })
    }
    return event
  }

  async subscribe(subscriber: Subscriber): Promise<void> {
    this.#subscriber = subscriber
    this.#inbox = new Inbox(subscriber, this.#bounds)
    // An error in delivery must end the process: hence no catch behind `push`.
    this.#subscription.on('message', (_channel, text: string) => void this.#receive(text))
    this.#subscription.on('close', () => {
      if (this.#ready) this.#log.warn('subscription lost: events are missed until Redis is back')
      this.#ready = false
    })
    const first = Promise.withResolvers<void>()
    this.#subscription.on('ready', () => void this.#listen().then(ok => ok && first.resolve()))
    this.#probe = setInterval(() => void this.#checkLink(), probeMs)
    this.#subscription.connect().catch(() => undefined) // retried by ioredis, reported by its 'error' event
    await first.promise
  }

  async close(): Promise<void> {
    clearInterval(this.#probe)
    this.#ready = false
    this.#subscription.disconnect()
  }

  // We subscribe ourselves on every link: ioredis says 'ready' before Redis has confirmed a resubscription, and an event
  // published in between would be missed without a word.
  async #listen(): Promise<boolean> {
    try {
      await this.#subscription.subscribe(channel)
    } catch (error) {
      // If the link broke, ioredis makes another and says 'ready' again. If it stands, Redis was too slow or refuses: then
      // no 'ready' would ever come, and this worker would stay deaf.
      if (this.#subscription.status === 'ready') {
        this.#log.warn({ err: error }, 'could not subscribe: connecting again')
        this.#subscription.disconnect(true)
      }
      return false
    }
    this.#ready = true
    if (this.#heardBefore) {
      this.#log.info('subscribed again: streams are told of the gap')
      await this.#subscriber?.gap(null)
    }
    this.#heardBefore = true
    return true
  }

  // A link can die without a word (a firewall that forgets, a paused Redis): no close, no error, no events, for hours.
  async #checkLink(): Promise<void> {
    if (!this.#ready) return
    try {
      await this.#subscription.ping()
    } catch {
      if (this.#subscription.status !== 'ready') return // ioredis saw it too, and connects again
      this.#log.warn('the subscription does not answer: connecting again')
      this.#ready = false
      this.#subscription.disconnect(true)
    }
  }

  async #receive(text: string): Promise<void> {
    const read = readEnvelope(text)
    if (read === undefined) {
      this.#log.warn('ignored what is not an event of ours on the channel')
      return
    }
    const { at, ...fields } = read
    const event = { ...fields, bytes: frameBytes(fields) }
    this.#lagMs = Math.max(0, Date.now() - at)
    await this.#inbox?.push(event)
  }
}

// Anyone who reaches Redis can publish there; a text that is not ours must not end the worker.
function readEnvelope(text: string): z.output<typeof envelope> | undefined {
  try {
    return envelope.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
