import { isOutOfMemory } from '../errors.ts'
import type { Chain } from './chain.ts'
import { compareIds, highestId, idAbove } from './ids.ts'
import type { LogFacts } from './log-facts.ts'
import type { RedisLog } from './redis-log.ts'

export type MarkersParts = {
  redisLog: Pick<RedisLog, 'mark' | 'lastId' | 'dropQuarter'>
  chain: Chain
  facts: { rolledBack: Pick<LogFacts['rolledBack'], 'happened'> }
}

/**
 * Adds markers to the log, where this worker knows of a loss: an entry without an event that comes after no other, so that
 * every worker that reads it tells a gap. Both methods reject as ioredis does, and can be repeated.
 */
export class Markers {
  readonly #parts: MarkersParts

  constructor(parts: MarkersParts) {
    this.#parts = parts
  }

  /**
   * Looks whether the log still has all that this worker knows of. From a cursor above the log's last id XREAD waits for
   * ever. So it is when Redis came back without its data, with an older copy, or with its clock behind. Ids must go on
   * growing, so the log is made to go on above the highest that is known.
   */
  async check(): Promise<void> {
    const { redisLog, chain, facts } = this.#parts
    // Before the question: an event that is published meanwhile would look like one that the log has lost.
    const { highest } = chain
    const last = await redisLog.lastId()
    if (compareIds(last, highest) >= 0) return
    facts.rolledBack.happened({ last, cursor: highest })
    await this.#add(idAbove(highest), highest)
  }

  /** Announces the loss that the chain has seen, if there is one. */
  async announceLoss(): Promise<void> {
    const { chain } = this.#parts
    const { loss } = chain
    if (loss === undefined) return
    const marker = await this.#mark('*', loss)
    if (marker !== undefined) chain.lossIsMarked(loss, marker)
  }

  async #add(id: string, seenAt: string): Promise<void> {
    const { redisLog } = this.#parts
    if ((await this.#mark(id, seenAt)) !== undefined) return
    // Another worker was faster, or a publish. Or the log is empty, but Redis remembers its last id.
    if (compareIds(await redisLog.lastId(), seenAt) < 0) await redisLog.mark('*', highestId)
  }

  async #mark(id: string, seenAt: string): Promise<string | undefined> {
    const { redisLog } = this.#parts
    try {
      return await redisLog.mark(id, seenAt)
    } catch (error) {
      if (!isOutOfMemory(error)) throw error
      await redisLog.dropQuarter()
      return await redisLog.mark(id, seenAt)
    }
  }
}
