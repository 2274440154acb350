import type { Request } from '../http/body.ts'
import type { Authorize } from '../sse-options.ts'
import { isOwnCall, readCredentials } from './credentials.ts'
import type { Grant } from '../grant.ts'
import { Refusal } from '../http/refusal.ts'
import type { Revocations } from './revocations.ts'
import { takeTicket } from './tickets.ts'
import type { Verified, Verify } from './token.ts'
import type { RedisClient } from '../redis-client.ts'

export type AuthorizeParts = {
  verify: Verify
  revocations: Revocations
  /** Where tickets are. */
  redis: RedisClient
  /** Pages that may publish with the cookie, beside the server's own. */
  origins: readonly string[]
  /** What tokens that are known allow. */
  grants: WeakMap<Verified, Grant>
}

/** Who makes a call, by its token. Rejects with a Refusal. */
export type Identify = (request: Request) => Promise<Verified>

/** Reads and checks the token of a call: of its header, or of the cookie. */
export function openIdentify({ verify, revocations, origins }: AuthorizeParts): Identify {
  return async request => {
    const credentials = readCredentials(request.headers)
    if (credentials === undefined) {
      throw new Refusal(
        'unauthorized',
        'A token is needed: header Authorization: Bearer, or cookie __Host-sse.',
      )
    }
    const mayChange = request.method !== 'GET' && request.method !== 'HEAD'
    if (credentials.from === 'cookie' && mayChange && !isOwnCall(request.headers, origins)) {
      throw new Refusal('forbidden', 'With the cookie, only a page of this service may do that.')
    }
    const verified = await verify(credentials.token)
    if (revocations.has(verified)) throw new Refusal('unauthorized', 'The token was revoked.')
    return verified
  }
}

/** `authorize` of the server with AUTH=jwt: the token's grant, as long as the token lasts and is not revoked. */
export function openAuthorize(parts: AuthorizeParts): Authorize {
  const { revocations, redis, grants } = parts
  const identify = openIdentify(parts)
  return async request => {
    const ticket = request.headers.authorization === undefined ? ticketOf(request) : undefined
    const verified = ticket === undefined ? await identify(request) : await take(redis, ticket)
    if (revocations.has(verified)) throw new Refusal('unauthorized', 'The token was revoked.')
    const before = grants.get(verified)
    if (before !== undefined) return before
    const grant = grantOf(verified, revocations)
    grants.set(verified, grant)
    return grant
  }
}

// One for all streams of a token. It is frozen, so that it is checked and kept once: see readGrant.
function grantOf(verified: Verified, revocations: Revocations): Grant {
  const { subject, expiresAt, grant } = verified
  return Object.freeze({
    subscribe: Object.freeze(grant.subscribe ?? []),
    publish: Object.freeze(grant.publish ?? []),
    subject,
    expiresAt,
    watch: (end: () => void) => revocations.watch(verified, end),
  })
}

async function take(redis: RedisClient, ticket: string): Promise<Verified> {
  const verified = await takeTicket(redis, ticket)
  if (verified === undefined || verified.expiresAt <= Date.now()) {
    throw new Refusal(
      'unauthorized',
      'The ticket is unknown, was used before, or is older than half a minute.',
    )
  }
  return verified
}

function ticketOf({ method, url = '' }: Request): string | undefined {
  const start = url.indexOf('?')
  return method === 'GET' && start !== -1
    ? (new URLSearchParams(url.slice(start)).get('ticket') ?? undefined)
    : undefined
}
