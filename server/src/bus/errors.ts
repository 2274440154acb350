/** No answer came in time, or the link is down. The event was not acknowledged, but may still take effect once. */
export class BusAway extends Error {
  override readonly name = 'BusAway'
}

/** Redis answered with an error, which is the `cause`. Nothing was published. */
export class BusRefused extends Error {
  override readonly name = 'BusRefused'
}

/** The Idempotency-Key came before, with another event. */
export class KeyReused extends Error {
  override readonly name = 'KeyReused'
}

/** More Idempotency-Keys than the bus can know at a time. Nothing was published. */
export class TooManyKeys extends Error {
  override readonly name = 'TooManyKeys'
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
