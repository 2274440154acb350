import type { Connection } from '../hub/hub.ts'
import type { Grant } from '../grant.ts'
import type { Quotas } from '../quotas.ts'
import { Refusal } from './refusal.ts'

/**
 * What an open stream holds of its grant: a place of the subject, and the application's `watch`, which may end it. One object
 * with few parts, since there is one for each stream.
 */
export class Hold {
  readonly #quotas: Quotas
  readonly #subject: string | undefined
  readonly #unwatch: (() => unknown) | undefined
  #stream: Pick<Connection, 'end'> | undefined
  #isWithdrawn = false

  /**
   * Throws a Refusal, and holds nothing then: `too-many` where the subject has no place left, `not-ready` where the application's
   * function fails.
   */
  constructor({ subject, watch }: Grant, quotas: Quotas) {
    this.#quotas = quotas
    this.#subject = subject
    if (subject !== undefined && !quotas.takeStream(subject)) {
      throw new Refusal('too-many', 'Too many streams of one subject are open.')
    }
    this.#unwatch = watch && this.#watch(watch)
  }

  /** Ends the stream once the grant is withdrawn; at once, if it was before the stream was open. */
  keep(stream: Pick<Connection, 'end'>): void {
    this.#stream = stream
    if (this.#isWithdrawn) stream.end('revoked')
  }

  /** Gives back what is held. To be called once. */
  release(): void {
    this.#giveBack()
    try {
      this.#unwatch?.()
    } catch {
      // The application's own affair: the stream is over all the same.
    }
  }

  #watch(watch: NonNullable<Grant['watch']>): (() => unknown) | undefined {
    try {
      const unwatch: unknown = watch(() => this.#withdraw())
      // Applications in JavaScript return whatever their own function does.
      return isFunction(unwatch) ? unwatch : undefined
    } catch (error) {
      this.#giveBack()
      throw new Refusal('not-ready', 'It cannot be found out now how long this may last.', { cause: error })
    }
  }

  #withdraw(): void {
    this.#isWithdrawn = true
    this.#stream?.end('revoked')
  }

  #giveBack(): void {
    if (this.#subject !== undefined) this.#quotas.giveStream(this.#subject)
  }
}

function isFunction(value: unknown): value is () => unknown {
  return typeof value === 'function'
}
