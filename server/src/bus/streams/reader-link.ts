import type { RedisClient } from '../../redis-client.ts'

/** The connection that the log is read on. It comes back by itself (see openRedis); here is known whether it held. */
export class ReaderLink {
  readonly #redis: RedisClient
  readonly #onLost: () => void
  #up = Promise.withResolvers<void>()
  #isUp = false

  /** `onLost` is called whenever the connection is lost, and whenever an attempt to make it fails. */
  constructor(redis: RedisClient, onLost: () => void) {
    this.#redis = redis
    this.#onLost = onLost
  }

  /** Resolves when the link is up. After each loss another promise: so whoever kept one sees whether the link has held. */
  get up(): Promise<void> {
    return this.#up.promise
  }

  open(): void {
    this.#redis.on('ready', () => {
      this.#isUp = true
      this.#up.resolve()
    })
    this.#redis.on('close', () => this.#lost())
    this.#redis.connect().catch(() => undefined) // retried by ioredis, reported by its 'error' event
  }

  /**
   * A command has failed. Answers whether the connection seemed to stand all the same, with a Redis that refuses or is too
   * slow; one that is dead without a word looks like that too. Then it has been ended, to be made anew.
   */
  failed(): boolean {
    this.#lost()
    if (this.#redis.status !== 'ready') return false
    this.#redis.disconnect(true)
    return true
  }

  close(): void {
    this.#redis.disconnect()
  }

  #lost(): void {
    if (this.#isUp) this.#up = Promise.withResolvers()
    this.#isUp = false
    this.#onLost()
  }
}
