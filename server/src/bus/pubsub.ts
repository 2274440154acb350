import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import { eventTopic, eventType } from '../event-rules.ts'
import type { Draft, Event } from '../event.ts'
import { frameBytes } from '../frame.ts'
import type { Log } from '../observe/facts.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'
import type { Bus, Subscriber } from './bus.ts'
import { busError } from './errors.ts'
import { Inbox, type InboxBounds } from './inbox.ts'

const channel = 'sse-lab:events'
const probeMs = 2000

// What travels on the channel: the event, and when its publisher sent it (ms since the epoch).
const envelope = z.object({
  id: z.uuid(),
  topic: eventTopic,
  type: eventType.exactOptional(),
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
  readonly #silent: RepeatedFact
  readonly #foreign: RepeatedFact
  #inbox: Inbox | undefined
  #heardBefore = false
  // Whether events were missed that no stream was told of yet.
  #missed = false
  #ready = false
  #lagMs: number | null = null
  #probe: NodeJS.Timeout | undefined
  #closed = false

  constructor({ commands, subscription, bounds, log }: PubsubParts) {
    this.#commands = commands
    this.#subscription = subscription
    this.#bounds = bounds
    this.#silent = new RepeatedFact(log, {
      text: 'the subscription is lost: events are missed until Redis is back',
      over: 'subscribed again: streams are told of the gap',
    })
    this.#foreign = new RepeatedFact(log, {
      text: 'ignored texts on the channel that no worker can have sent',
    })
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
      throw busError('take the event', error)
    }
    return event
  }

  async subscribe(subscriber: Subscriber): Promise<void> {
    this.#inbox = new Inbox(subscriber, this.#bounds)
    // An error in delivery must end the process: hence no catch behind `push` and `gap`.
    this.#subscription.on('message', (_channel, text: string) => void this.#receive(text))
    this.#subscription.on('close', () => this.#isDeaf({}))
    const first = Promise.withResolvers<void>()
    this.#subscription.on('ready', () => void this.#listen().then(ok => ok && first.resolve()))
    this.#probe = setInterval(() => void this.#checkLink(), probeMs)
    this.#subscription.connect().catch(() => undefined) // retried by ioredis, reported by its 'error' event
    await first.promise
  }

  async close(): Promise<void> {
    clearInterval(this.#probe)
    this.#ready = false
    this.#closed = true
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
        this.#silent.happened({ err: error }, kindOf(error))
        this.#subscription.disconnect(true)
      }
      return false
    }
    this.#ready = this.#heardBefore = true
    this.#silent.over()
    await this.#tellGap()
    return true
  }

  #isDeaf(details: object): void {
    if (this.#closed) return
    if (this.#ready) this.#silent.happened(details)
    this.#ready = false
    this.#missed = this.#heardBefore
  }

  // Redis may confirm a subscription and bring the next event in one piece; then the event is handed over first, and must
  // not overtake the gap.
  async #tellGap(): Promise<void> {
    if (!this.#missed) return
    this.#missed = false
    await this.#inbox?.gap()
  }

  // A link can die without a word (a firewall that forgets, a paused Redis): no close, no error, no events, for hours.
  async #checkLink(): Promise<void> {
    if (!this.#ready) return
    try {
      await this.#subscription.ping()
    } catch (error) {
      if (this.#subscription.status !== 'ready') return // ioredis saw it too, and connects again
      this.#isDeaf({ err: error })
      this.#subscription.disconnect(true)
    }
  }

  async #receive(text: string): Promise<void> {
    const read = readEnvelope(text)
    if (read === undefined) {
      this.#foreign.happened()
      return
    }
    const { at, ...fields } = read
    const event = { ...fields, bytes: frameBytes(fields) }
    this.#lagMs = Math.max(0, Date.now() - at)
    void this.#tellGap()
    await this.#inbox?.push(event)
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
