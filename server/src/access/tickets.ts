import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Verified } from './token.ts'
import type { RedisClient } from '../redis-client.ts'

/** A ticket that was not used by then is worth nothing. */
export const ticketMs = 30_000

const ticketPattern = /^[\w-]{22}$/

const stored = z.object({
  subject: z.string(),
  issuer: z.string(),
  sub: z.string(),
  tokenId: z.string().optional(),
  issuedAt: z.number(),
  expiresAt: z.number(),
  grant: z.object({ subscribe: z.array(z.string()), publish: z.array(z.string()) }),
})

/**
 * Makes a ticket: 128 random bits for the URL of one stream, within half a minute. For the page of another site, to which a
 * browser gives no cookie. An address stands in logs; by the time somebody reads it there, it opens nothing. Rejects if Redis does.
 */
export async function makeTicket(redis: RedisClient, verified: Verified): Promise<string> {
  const ticket = randomBytes(16).toString('base64url')
  // A ticket opens a stream and nothing else.
  const text = JSON.stringify({
    ...verified,
    grant: { subscribe: verified.grant.subscribe ?? [], publish: [] },
  })
  await redis.set(keyOf(ticket), text, 'PX', ticketMs)
  return ticket
}

/** Takes a ticket, which is worth nothing after that. undefined: there is none such. Rejects if Redis does. */
export async function takeTicket(redis: RedisClient, ticket: string): Promise<Verified | undefined> {
  if (!ticketPattern.test(ticket)) return undefined
  const text = await redis.getdel(keyOf(ticket))
  if (text === null) return undefined
  const { tokenId, ...rest } = stored.parse(JSON.parse(text))
  return { ...rest, tokenId }
}

// Whoever reads Redis cannot use what he finds.
function keyOf(ticket: string): string {
  return `sse-lab:ticket:${createHash('sha256').update(ticket).digest('hex')}`
}
