import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'

/** Names of this machine. `*.x` stands for every name below x. */
const loopback = ['localhost', '*.localhost', '127.0.0.1', '[::1]']

/**
 * Whether a call came for a name of this server: one of this machine's, one of `names`, or the address at which the call arrived.
 * A page whose name was rebound to this address (DNS rebinding) is same-origin to its browser, so no preflight holds it back, and
 * only its Host tells. No Host at all is HTTP/1.0, which no page speaks.
 */
export function isOwnHost(host: string | undefined, names: readonly string[], arrivedAt?: string): boolean {
  if (host === undefined) return true
  const name = hostName(host)
  if (name === undefined) return false
  const address = name.replace(/^\[|\]$/g, '')
  if (isIP(address) !== 0 && arrivedAt !== undefined && address === plainAddress(arrivedAt)) return true
  return [...loopback, ...names].some(own =>
    own.startsWith('*.') ? name.endsWith(own.slice(1)) && name.length > own.length - 1 : name === own,
  )
}

/**
 * Whether a call came from a page that may make it, or from no page: a browser names the page's origin in every call to another
 * origin, and in every one that may change something. `null` is a page that does not say what it is.
 */
export function isOwnOrigin(headers: IncomingHttpHeaders, origins: readonly string[]): boolean {
  const { origin, host, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = headers
  // An image or a no-cors fetch of another page names no origin. A link that was followed is nobody's call.
  if (origin === undefined)
    return site === undefined || /^(same-origin|none)$/.test(site) || mode === 'navigate'
  if (origins.includes(origin)) return true
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()
}

// Without the port. Written by hand, for a URL would turn 0x7f.1 into 127.0.0.1, and a browser sends what it has turned already.
function hostName(host: string): string | undefined {
  return /^([\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase()
}

function plainAddress(address: string): string {
  return address.replace(/^::ffff:/, '')
}
