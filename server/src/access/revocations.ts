import { tokenAgeSecondsMax, type Verified } from './token.ts'

/** Redis hash: what is revoked → since when, in milliseconds since 1970. A field lasts as long as the longest token. */
export const revokedKey = 'sse-lab:revoked'
// And a little longer: a token may be from a clock ahead of ours, and stay known for a minute.
export const revokedMs = tokenAgeSecondsMax * 1000 + 120_000

/** One token, or every token of a subject that was issued until now. */
export type Revoked = { issuer: string; tokenId: string } | { issuer: string; sub: string }

/** The name of a field. JSON keeps its parts apart. */
export function revokedField(revoked: Revoked): string {
  return 'tokenId' in revoked
    ? JSON.stringify(['jti', revoked.issuer, revoked.tokenId])
    : JSON.stringify(['sub', revoked.issuer, revoked.sub])
}

// As in token.ts.
const clockToleranceMs = 5000

type Token = Pick<Verified, 'issuer' | 'sub' | 'tokenId' | 'issuedAt'>

/** What is revoked, and the streams that a revocation ends. Holds what Redis said last, also while Redis is away. */
export class Revocations {
  #since: ReadonlyMap<string, number> = new Map()
  readonly #streams = new Map<() => void, Token>()

  /** Whether a token was revoked. */
  has(token: Token): boolean {
    return isIn(this.#since, token)
  }

  /** Calls `end` once the token is revoked. Returns what stops that. */
  watch(token: Token, end: () => void): () => void {
    this.#streams.set(end, token)
    return () => void this.#streams.delete(end)
  }

  /** Takes what Redis says now, and ends the streams that it means. A time that is no number counts as now: rather too much. */
  apply(entries: Readonly<Record<string, string>>, now: number): void {
    const before = this.#since
    this.#since = new Map(Object.entries(entries).map(([field, since]) => [field, Number(since) || now]))
    const changed = new Map([...this.#since].filter(([field, since]) => before.get(field) !== since))
    // Revocations are rare, so a look at every stream costs less than two sets for each.
    if (changed.size > 0) for (const [end, token] of this.#streams) if (isIn(changed, token)) end()
  }
}

function isIn(since: ReadonlyMap<string, number>, { issuer, sub, tokenId, issuedAt }: Token): boolean {
  if (since.size === 0) return false
  if (tokenId !== undefined && since.has(revokedField({ issuer, tokenId }))) return true
  // `iat` has whole seconds, of a clock that may be ahead of ours: rather too many than too few.
  return issuedAt <= (since.get(revokedField({ issuer, sub })) ?? -Infinity) + clockToleranceMs
}
