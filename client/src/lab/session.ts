/** Why the server opens no stream for this page: it knows no token, or the token does not cover the topics. */
export type Refused = 'unknown' | 'uncovered'

// [rfc6265bis] With this prefix a browser takes it over TLS only, for this host alone and for all of its paths.
const cookieName = '__Host-sse'
const answerMsMax = 5000

/** Asks before the first stream: an EventSource cannot say with which status it was refused. undefined: it was not. */
export async function whyRefused(topics: readonly string[]): Promise<Refused | undefined> {
  const query = topics.map(topic => `topic=${encodeURIComponent(topic)}`).join('&')
  try {
    const signal = AbortSignal.timeout(answerMsMax)
    const { status } = await fetch(`/events?${query}`, { method: 'HEAD', signal })
    return status === 401 ? 'unknown' : status === 403 ? 'uncovered' : undefined
  } catch {
    return undefined // the streams will say so
  }
}

export function isSignedIn(): boolean {
  return document.cookie.split('; ').some(cookie => cookie.startsWith(`${cookieName}=`))
}

/**
 * Keeps the token for this session of the browser and begins anew. Answers with what is wrong with it, if something is. A site of
 * your own sets the cookie from its server, with HttpOnly, so that no script can read it.
 */
export function signIn(token: string): string | undefined {
  if (!/^[\w.~+/-]+=*$/.test(token))
    return 'A token is one word of letters, digits and - . _ ~ + / without spaces.'
  document.cookie = `${cookieName}=${token}; Path=/; Secure; SameSite=Strict`
  if (!isSignedIn()) return 'This browser keeps the cookie over TLS only: open the page with https.'
  location.reload()
  return undefined
}

export function signOut(): void {
  document.cookie = `${cookieName}=; Path=/; Secure; SameSite=Strict; Max-Age=0`
  location.reload()
}
