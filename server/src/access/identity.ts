import type { Grant } from '../grant.ts'

/** Who makes a call, and what that one may do. Comes from a token, from a ticket, or from the application's own `authorize`. */
export type Identity = {
  /** Names one subject of one issuer, and nobody else: quotas and Idempotency-Keys are kept under it. */
  subject: string
  grant: Grant
  /** When what allows this ends, in milliseconds since 1970. Infinity: never by itself. */
  expiresAt: number
}

/**
 * The name of an issuer's subject. The parts are kept apart by JSON, so that no issuer can spell another one's subject: Pusher
 * signed joined strings in 2015, and a colon in one of them opened another channel.
 */
export function subjectName(issuer: string, sub: string): string {
  return JSON.stringify([issuer, sub])
}
