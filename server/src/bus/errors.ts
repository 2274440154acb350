/** What a bus says no with. `http/problem.ts` has the answer to each code. */
export abstract class BusError extends Error {
  abstract readonly code: 'away' | 'refused' | 'key-reused' | 'too-many-keys' | 'not-confirmed'
}

/** No answer came in time, or the link is down. The event was not acknowledged, but may still take effect once. */
export class BusAway extends BusError {
  override readonly name = 'BusAway'
  readonly code = 'away'
}

/** Redis answered with an error, which is the `cause`. Nothing was published. */
export class BusRefused extends BusError {
  override readonly name = 'BusRefused'
  readonly code = 'refused'
}

/** The Idempotency-Key came before, with another event. */
export class KeyReused extends BusError {
  override readonly name = 'KeyReused'
  readonly code = 'key-reused'
}

/** More Idempotency-Keys than the bus can know at a time. Nothing was published. */
export class TooManyKeys extends BusError {
  override readonly name = 'TooManyKeys'
  readonly code = 'too-many-keys'
}

/** The event is in the log, and too few replicas had it in time. It may be lost, and may reach streams. */
export class NotConfirmed extends BusError {
  override readonly name = 'NotConfirmed'
  readonly code = 'not-confirmed'
}

/** What a command to Redis that failed means to whoever called the bus. `what` it was to do, like "take the event". */
export function busError(what: string, cause: unknown): BusAway | BusRefused {
  return isReply(cause)
    ? new BusRefused(`Redis refused to ${what}`, { cause })
    : new BusAway(`Redis did not ${what} in time`, { cause })
}

/** Whether the error is an answer of Redis, and not what happened to the link. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

/** Whether Redis refused because it may not grow (noeviction). */
export function isOutOfMemory(error: unknown): boolean {
  return isReply(error) && error.message.startsWith('OOM')
}
