import { readGrant, type Grant } from '../grant.ts'
import type { Log } from '../observe/facts.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'
import type { Authorize } from '../sse-options.ts'
import type { Request } from './body.ts'
import { Refusal } from './refusal.ts'

/** Finds out what a request may do. */
export class Access {
  readonly #authorize: Authorize | undefined
  readonly #failed: RepeatedFact

  constructor(authorize: Authorize | undefined, log: Log) {
    this.#authorize = authorize
    this.#failed = new RepeatedFact(log, { text: 'authorize failed', level: 'error' })
  }

  /**
   * Throws a Refusal where the application has looked a grant up and found none: `{ grant: undefined }` must not mean that all is
   * allowed. With `authorize` it is asked instead.
   */
  refuseNobody(wish: { grant?: Grant | undefined }): void {
    if ('grant' in wish && wish.grant === undefined && this.#authorize === undefined) {
      throw nobody()
    }
  }

  /** Whether the application must be asked, for want of a grant that came with the call. */
  asksFor(grant: Grant | undefined): boolean {
    return grant === undefined && this.#authorize !== undefined
  }

  /**
   * The grant of a request; undefined where all is allowed. Rejects with a Refusal: the application's own, `unauthorized` where it
   * knows nobody, `not-ready` where it could not say. Nobody becomes anonymous by that.
   */
  async grantOf(request: Request, given: Grant | undefined): Promise<Grant | undefined> {
    if (given !== undefined) return readGrant(given)
    if (this.#authorize === undefined) return undefined
    const grant = await this.#ask(this.#authorize, request)
    if (grant === undefined) throw nobody()
    return readGrant(grant)
  }

  async #ask(authorize: Authorize, request: Request): Promise<Grant | undefined> {
    try {
      // A null is nobody, too: applications in JavaScript say it either way.
      return (await authorize(request)) ?? undefined
    } catch (error) {
      if (error instanceof Refusal) throw error
      this.#failed.happened({ err: error }, kindOf(error))
      throw new Refusal('not-ready', 'It cannot be found out now what you may do.', { cause: error })
    }
  }
}

function nobody(): Refusal {
  return new Refusal('unauthorized', 'It is not known who you are: sign in.')
}
