import { createHash } from 'node:crypto'
import { untilThere, type RedisClient } from '../../redis-client.ts'
import { isReply, NotConfirmed } from '../errors.ts'
import { publishWords, type Addition, type LogBounds } from './addition.ts'
import type { LogKeys } from './log-keys.ts'
import { publishScript } from './scripts.ts'

const publishSha = createHash('sha1').update(publishScript).digest('hex')
// Of the time that a publish may take in all, for the replicas. The rest is for the way.
const waitShare = 2 / 3

export type ConfirmedLogParts = {
  /** A connection of its own: WAIT holds up all that comes behind it. */
  redis: RedisClient
  keys: LogKeys
  /** How many replicas must have an event. */
  replicas: number
  publishTimeoutMs: number
}

/** An addition that waits for its answer. */
type Waiting = {
  addition: Addition
  bounds: LogBounds
  resolve: (answer: string) => void
  reject: (error: unknown) => void
}

type Reply = [error: Error | null, answer: unknown]

/**
 * Adds to the log and answers when so many replicas have it, too. All that came in while the last group was on its way are
 * the next one, with one WAIT behind them: a WAIT for each would leave an eighth of the rate.
 * https://redis.io/docs/latest/commands/wait/
 */
export class ConfirmedLog {
  readonly #parts: ConfirmedLogParts
  // Those that are not sent yet.
  readonly #waiting = new Set<Waiting>()
  #busy = false

  constructor(parts: ConfirmedLogParts) {
    this.#parts = parts
  }

  /**
   * As RedisLog.add. Rejects with NotConfirmed if the event is in the log, and too few replicas have it in time. What has
   * waited too long for its turn is not sent.
   */
  async add(addition: Addition, bounds: LogBounds): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const waiting = { addition, bounds, resolve, reject }
    const timer = setTimeout(() => {
      this.#waiting.delete(waiting)
      reject(new Error('no answer in time'))
    }, this.#parts.publishTimeoutMs)
    this.#waiting.add(waiting)
    if (!this.#busy) void this.#sendAll()
    return await promise.finally(() => clearTimeout(timer))
  }

  /** Resolves when it can be added to. */
  async open(): Promise<void> {
    await untilThere(this.#parts.redis)
  }

  close(): void {
    this.#parts.redis.disconnect()
  }

  async #sendAll(): Promise<void> {
    this.#busy = true
    // Whoever else publishes in this turn of the event loop is in the group.
    await Promise.resolve()
    while (this.#waiting.size > 0) {
      const group = [...this.#waiting]
      this.#waiting.clear()
      try {
        await this.#send(group, 'evalsha')
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
    }
    this.#busy = false
  }

  async #send(group: Waiting[], how: 'evalsha' | 'eval'): Promise<void> {
    if (group.length === 0) return
    const replies = await this.#pipeline(group, how)
    const confirmed = isConfirmed(replies.slice(group.length), this.#parts.replicas)
    // These did not happen: Redis does not know the script, or the log is elsewhere.
    const again: Waiting[] = []
    for (const [n, waiting] of group.entries()) {
      const [error, answer] = replies[n] ?? [new Error('no reply'), null]
      if (error === null) settle(waiting, String(answer), confirmed)
      else if (how === 'evalsha' && isReply(error) && /^(NOSCRIPT|MOVED)/.test(error.message))
        again.push(waiting)
      else waiting.reject(error)
    }
    if (again.length === 0) return
    // A group follows no MOVED, but a single command does, and the connection remembers where it led.
    await this.#parts.redis.exists(this.#parts.keys.end)
    await this.#send(again, 'eval')
  }

  async #pipeline(group: Waiting[], how: 'evalsha' | 'eval'): Promise<Reply[]> {
    const { redis, keys, replicas, publishTimeoutMs } = this.#parts
    const pipeline = redis.pipeline()
    for (const { addition, bounds } of group) {
      const words = publishWords(keys, addition, bounds)
      if (how === 'eval') pipeline.eval(publishScript, 3, ...words)
      else pipeline.evalsha(publishSha, 3, ...words)
    }
    // A publish that is repeated writes nothing, and WAIT waits for what this connection has written. So something is: behind
    // all that any connection wrote before.
    if (group.some(({ addition }) => addition.once !== undefined)) pipeline.set(keys.confirm, '')
    pipeline.wait(replicas, Math.floor(publishTimeoutMs * waitShare))
    return (await pipeline.exec()) ?? []
  }
}

// What came behind the publishes: perhaps a write, then how many replicas have it all.
function isConfirmed(replies: Reply[], replicas: number): boolean {
  const [, count] = replies.at(-1) ?? []
  return replies.every(([error]) => error === null) && Number(count) >= replicas
}

function settle({ resolve, reject }: Waiting, answer: string, confirmed: boolean): void {
  // "key-reused" and the like are no ids: nothing was added, so there is nothing to confirm.
  if (confirmed || !/^\d/.test(answer)) resolve(answer)
  else reject(new NotConfirmed())
}
