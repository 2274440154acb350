import { OptionError } from './option-error.ts'

/** A server, and what its address said beside that. */
export type Address = {
  base: URL
  /** Path and query, or undefined where there is nothing but a slash. */
  path: string | undefined
  /** What a name and a password in the address mean to HTTP. */
  authorization: string | undefined
}

/** Splits an address like `https://name:word@host/events?topic=a`. Throws an OptionError. */
export function readAddress(text: string): Address {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) {
    throw new OptionError(
      `--url must be a server or a stream, like http://localhost:8080/events (got ${text})`,
    )
  }
  const url = new URL(text)
  const { username, password } = url
  const path = placeholders(`${url.pathname}${url.search}`)
  const named = username === '' && password === '' ? undefined : [username, password].map(decodeURIComponent)
  return {
    base: new URL(url.origin),
    path: path === '/' ? undefined : path,
    authorization: named && `Basic ${Buffer.from(named.join(':')).toString('base64')}`,
  }
}

// What a URL makes of {topic}.
function placeholders(path: string): string {
  return path.replaceAll(/%7Btopic%7D/gi, '{topic}')
}
