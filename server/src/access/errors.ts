/** Why a call was not let in. `http/problem.ts` and `http/stream.ts` have the answer to each code. */
export type AccessCode =
  /** No credentials, or bad ones: coming back with the same cannot help. 401. */
  | 'unauthenticated'
  /** A token that was good until a short while ago: its page renews it and comes back. 401 for a call, survivable for a stream. */
  | 'token-expired'
  /** The issuer's keys cannot be had at the moment. 503 for a call, survivable for a stream. */
  | 'keys-away'

/** A call that was not let in. The message is for people, and holds nothing of the token. */
export class AccessError extends Error {
  override readonly name = 'AccessError'
  readonly code: AccessCode

  constructor(code: AccessCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
