import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../http/refusal.ts'

/**
 * The cookie that an EventSource brings by itself. [rfc6265bis] With this prefix a browser takes it over TLS only, for this host
 * alone and for all of its paths.
 */
const cookieName = '__Host-sse'

const ownCookie = new RegExp(`(?:^|; ?)${cookieName}=([^;]*)`)

/** A token and the way it came. */
export type Credentials = { token: string; from: 'header' | 'cookie' }

/**
 * The token of a call: of the header `Authorization: Bearer`, or else of the cookie; never both, and never of the URL, which
 * stands in logs. undefined: there is none. Throws a Refusal for a header that is no Bearer token: falling back to a cookie
 * would be somebody else's call.
 */
export function readCredentials(headers: IncomingHttpHeaders): Credentials | undefined {
  const { authorization, cookie } = headers
  if (authorization !== undefined) {
    const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization)?.[1]
    if (token === undefined) {
      throw new Refusal('unauthorized', 'Header Authorization must be "Bearer" and a token.')
    }
    return { token, from: 'header' }
  }
  // [RFC 6265, 4.2.1] A token needs no quotes and no escapes in a cookie.
  const token = cookie === undefined ? undefined : ownCookie.exec(cookie)?.[1]
  return token ? { token, from: 'cookie' } : undefined
}

/**
 * Whether a call that changes something was made by a page of these origins, or by the server's own. A browser sends the cookie
 * along whoever asked for the call, so the cookie alone says nothing of who did.
 */
export function isOwnCall(headers: IncomingHttpHeaders, origins: readonly string[]): boolean {
  const { origin } = headers
  return headers['sec-fetch-site'] === 'same-origin' || (origin !== undefined && origins.includes(origin))
}
