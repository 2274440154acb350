import { createHash } from 'node:crypto'
import { decodeJwt, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import { readDetails } from './details.ts'
import { Refusal } from '../http/refusal.ts'
import { subjectName, type Identity } from './identity.ts'
import type { Issuer } from './issuers.ts'

/** Signatures by public keys alone: with a shared secret, whoever can check a token can make one. */
const algorithms = ['ES256', 'EdDSA', 'RS256']
const clockToleranceSeconds = 5
/** A token that is older is refused, whatever its `exp` says; so a revocation may be forgotten after this time. */
export const tokenAgeSecondsMax = 86_400
/** A page that slept comes back with a token that has expired. For this long it is told so, instead of being ended for good. */
const graceMs = 600_000
// A checked token is not checked again for a minute, unless it expires before: a signature costs more than a publish.
const knownMax = 10_000
const knownMs = 60_000
const tokenBytesMax = 8192

/** What a good token says. */
export type Verified = Identity & {
  issuer: string
  /** `sub` as it stands in the token. */
  sub: string
  tokenId: string | undefined
  /** Milliseconds since 1970. */
  issuedAt: number
}

/** Checks a token. Rejects with a Refusal. */
export type Verify = (token: string) => Promise<Verified>

const expired = new Refusal('token-expired', 'The token has expired.')

type Options = { now?: () => number }

/**
 * Takes JWT access tokens (RFC 9068: `typ: at+jwt`) of the given issuers. Signature, issuer, audience, type, times, and each
 * entry of `authorization_details` must be right, or the token is worth nothing: there is no fall-back to anonymous.
 */
export function openVerify(
  issuers: readonly (Issuer & { keys: JWTVerifyGetKey })[],
  { now = Date.now }: Options = {},
): Verify {
  const byName = new Map(issuers.map(issuer => [issuer.issuer, issuer]))
  const known = new Known(now)

  return async token => {
    const digest = createHash('sha256').update(token).digest('base64')
    const before = known.get(digest)
    if (before !== undefined) return before
    if (token.length > tokenBytesMax) throw new Refusal('unauthorized', 'The token is too long.')
    const issuer = byName.get(unverifiedIssuer(token))
    if (!issuer) throw new Refusal('unauthorized', 'The token is of no issuer that is known here.')
    const verified = toVerified(await payloadOf(token, issuer, now()), issuer.issuer)
    // The tolerance is for the begin of a token. A stream that opens with one that has ended would end at once.
    if (verified.expiresAt <= now()) throw expired
    known.set(digest, verified)
    return verified
  }
}

/** Tokens that were good a moment ago, by their digest. */
class Known {
  readonly #now: () => number
  readonly #entries = new Map<string, { verified: Verified; until: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  get(digest: string): Verified | undefined {
    const entry = this.#entries.get(digest)
    if (entry === undefined || entry.until > this.#now()) return entry?.verified
    this.#entries.delete(digest)
    return undefined
  }

  set(digest: string, verified: Verified): void {
    const [oldest] = this.#entries.keys()
    if (this.#entries.size >= knownMax && oldest !== undefined) this.#entries.delete(oldest)
    this.#entries.set(digest, { verified, until: Math.min(verified.expiresAt, this.#now() + knownMs) })
  }
}

// Only chooses between the issuers of the configuration; nothing is believed before the signature was checked.
function unverifiedIssuer(token: string): string {
  try {
    return decodeJwt(token).iss ?? ''
  } catch {
    throw new Refusal('unauthorized', 'What was given is no token.')
  }
}

async function payloadOf(
  token: string,
  { keys, issuer, audience }: Issuer & { keys: JWTVerifyGetKey },
  nowMs: number,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms,
      typ: 'at+jwt',
      requiredClaims: ['exp', 'sub', 'iat'],
      maxTokenAge: tokenAgeSecondsMax,
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(nowMs),
    })
    return payload
  } catch (error) {
    throw refusalOf(error, nowMs)
  }
}

function refusalOf(error: unknown, nowMs: number): Refusal {
  if (error instanceof Refusal) return error
  // jose says so only once the signature and all that comes before the times was right.
  if (error instanceof errors.JWTExpired && error.claim === 'exp') {
    const agoMs = nowMs - Number(error.payload.exp) * 1000
    if (agoMs <= graceMs) return expired
  }
  if (error instanceof errors.JWKSTimeout) {
    return new Refusal('not-ready', "The keys of the token's issuer cannot be had.", { cause: error })
  }
  return new Refusal('unauthorized', 'The token is not valid.', { cause: error })
}

function toVerified(payload: JWTPayload, issuer: string): Verified {
  const { sub, exp, iat, jti } = payload
  if (typeof sub !== 'string' || sub === '' || sub.length > 256 || exp === undefined || iat === undefined) {
    throw new Refusal('unauthorized', 'The token\'s claim "sub" must be 1 to 256 characters.')
  }
  try {
    return {
      subject: subjectName(issuer, sub),
      issuer,
      sub,
      tokenId: jti,
      grant: readDetails(payload.authorization_details),
      issuedAt: iat * 1000,
      // Also where its `exp` is later, and streams have no age.
      expiresAt: Math.min(exp, iat + tokenAgeSecondsMax) * 1000,
    }
  } catch (error) {
    const text = 'The token\'s claim "authorization_details" has a bad entry.'
    throw new Refusal('unauthorized', text, { cause: error })
  }
}
