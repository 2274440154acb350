import { setTimeout as pause } from 'node:timers/promises'
import { isReply } from '../bus/errors.ts'
import { every } from '../every.ts'
import type { Log } from '../observe/facts.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'
import type { RedisClient } from '../redis-client.ts'

const key = 'sse-lab:logs'
const askAgainMs = 1000
const renewMs = 20_000
const expiresS = 60

/**
 * In how many logs the topics of a Redis are (`partitions`) is for all its servers to agree on: which log has a topic follows from the
 * number, so a server with another one would publish where the others do not read, and nobody would be told. Whoever comes
 * first writes the number down. It stands for as long as one of those who hold to it lives, and a minute more.
 */
export class LogCount {
  readonly #redis: RedisClient
  readonly #own: string
  readonly #other: RepeatedFact
  readonly #refused: RepeatedFact
  #stopped = false
  #stopRenewing = (): void => {}

  constructor(redis: RedisClient, partitions: number, log: Log) {
    this.#redis = redis
    this.#own = String(partitions)
    this.#other = new RepeatedFact(log, {
      text: 'the servers of this Redis have another number of logs (PARTITIONS): events would be lost between them and this one',
      level: 'error',
      over: 'the servers of this Redis have the same number of logs (PARTITIONS)',
    })
    this.#refused = new RepeatedFact(log, {
      text: 'Redis does not take the number of logs (PARTITIONS): going on without',
    })
  }

  /**
   * Resolves with true when all servers agree with this one, or Redis does not let it ask; with false when it was stopped before.
   * Never rejects; while Redis is away it waits.
   */
  async agreed(): Promise<boolean> {
    while (!this.#stopped && !(await this.#holds())) await pause(askAgainMs, undefined, { ref: false })
    if (this.#stopped) return false
    this.#stopRenewing = every(renewMs, async () => void (await this.#holds()))
    return true
  }

  /** Leaves the number to the others. */
  stop(): void {
    this.#stopped = true
    this.#stopRenewing()
  }

  async #holds(): Promise<boolean> {
    try {
      const found = await this.#redis.set(key, this.#own, 'EX', expiresS, 'NX', 'GET')
      if (found !== null && found !== this.#own) {
        this.#other.happened({ own: this.#own, others: found }, found)
        return false
      }
      if (found !== null) await this.#redis.set(key, this.#own, 'EX', expiresS, 'XX')
      this.#other.over()
      return true
    } catch (error) {
      if (!isReply(error)) return false
      this.#refused.happened({ err: error }, kindOf(error))
      return true
    }
  }
}
