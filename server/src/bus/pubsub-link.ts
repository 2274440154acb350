import type { Log } from '../observe/facts.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'
import type { RedisClient } from '../redis-client.ts'

const probeMs = 2000

export type PubsubLinkParts = {
  subscription: RedisClient
  channel: string
  log: Log
  onText: (text: string) => void
  /** Texts were or may have been missed, before whatever comes next. */
  onGap: () => void
}

/** A subscription that comes back by itself, and tells once it is back that something was missed. */
export class PubsubLink {
  readonly #parts: PubsubLinkParts
  readonly #silent: RepeatedFact
  #heardBefore = false
  // Whether texts were missed that nobody was told of yet.
  #missed = false
  #ready = false
  #probe: NodeJS.Timeout | undefined
  #closed = false

  constructor(parts: PubsubLinkParts) {
    this.#parts = parts
    this.#silent = new RepeatedFact(parts.log, {
      text: 'the subscription is lost: events are missed until Redis is back',
      over: 'subscribed again: streams are told of the gap',
    })
  }

  /** Whether texts come in right now. */
  get ready(): boolean {
    return this.#ready
  }

  /** Resolves when it hears the channel for the first time. */
  async open(): Promise<void> {
    const { subscription, onText } = this.#parts
    subscription.on('message', (_channel, text: string) => {
      // Redis may confirm a subscription and bring the next event in one piece; then the event is handed over first, and must
      // not overtake the gap.
      this.#tellGap()
      onText(text)
    })
    subscription.on('close', () => this.#isDeaf({}))
    const first = Promise.withResolvers<void>()
    subscription.on('ready', () => void this.#listen().then(ok => ok && first.resolve()))
    this.#probe = setInterval(() => void this.#check(), probeMs)
    subscription.connect().catch(() => undefined) // retried by ioredis, reported by its 'error' event
    await first.promise
  }

  close(): void {
    clearInterval(this.#probe)
    this.#ready = false
    this.#closed = true
    this.#parts.subscription.disconnect()
  }

  // We subscribe ourselves on every link: ioredis says 'ready' before Redis has confirmed a resubscription, and an event
  // published in between would be missed without a word.
  async #listen(): Promise<boolean> {
    const { subscription, channel } = this.#parts
    try {
      await subscription.subscribe(channel)
    } catch (error) {
      // If the link broke, ioredis makes another and says 'ready' again. If it stands, Redis was too slow or refuses: then
      // no 'ready' would ever come, and this worker would stay deaf.
      if (subscription.status === 'ready') {
        this.#silent.happened({ err: error }, kindOf(error))
        subscription.disconnect(true)
      }
      return false
    }
    this.#ready = this.#heardBefore = true
    this.#silent.over()
    this.#tellGap()
    return true
  }

  #isDeaf(details: object): void {
    if (this.#closed) return
    if (this.#ready) this.#silent.happened(details)
    this.#ready = false
    this.#missed = this.#heardBefore
  }

  #tellGap(): void {
    if (!this.#missed) return
    this.#missed = false
    this.#parts.onGap()
  }

  // A link can die without a word (a firewall that forgets, a paused Redis): no close, no error, no events, for hours.
  async #check(): Promise<void> {
    if (!this.#ready) return
    const { subscription } = this.#parts
    try {
      await subscription.ping()
    } catch (error) {
      if (subscription.status !== 'ready') return // ioredis saw it too, and connects again
      this.#isDeaf({ err: error })
      subscription.disconnect(true)
    }
  }
}
