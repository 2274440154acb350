/**
 * How Redis stands: one server; a server and its replicas, watched by Sentinel; or a Redis Cluster.
 * https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/ and …/scaling/
 */
export const redisModes = ['single', 'sentinel', 'cluster'] as const
export type RedisMode = (typeof redisModes)[number]

/** Where Redis is. `url`: one address for `single`; some sentinels, or some nodes of the cluster, for the others. */
export type RedisPlace = {
  url: string
  mode: RedisMode
  /** What the sentinels call the server that they watch. */
  master: string
}

/** What REDIS_URL is, for people who got it wrong. */
export const redisUrlRule =
  'must be a URL like redis://redis:6379, or redis://user:password@redis:6379/0 in percent-encoding; several stand behind commas'

/** What a name of a watched server is: a word, as sentinel.conf has it. */
export const redisMasterPattern = /^[\w.-]{1,64}$/

/** The addresses of a list. A comma may be a part of a password: one that ends an address has another address behind it. */
export function splitRedisUrls(text: string): [string, ...string[]] {
  const [first = text, ...others] = text.split(/,(?=rediss?:\/\/)/)
  return [first, ...others]
}

/** Refuses what ioredis would read in a way of its own, fail at with a stack, or take for something else than was meant. */
export function isRedisUrl(text: string): boolean {
  return splitRedisUrls(text).every(isOneUrl)
}

/** What makes right addresses wrong for a mode, as the rest of a sentence about REDIS_URL; undefined if nothing does. */
export function redisPlaceFault(text: string, mode: RedisMode): string | undefined {
  const urls = splitRedisUrls(text).map(url => new URL(url))
  if (mode === 'single' && urls.length > 1) return 'must be one address (several need sentinel or cluster)'
  const [first, ...others] = urls.map(restOf)
  if (others.some(rest => rest !== first))
    return 'must be addresses that differ in host and port alone: user, password and database are the same everywhere'
  // [Redis Cluster specification] Only database 0 is supported.
  if (mode === 'cluster' && urls.some(({ pathname }) => !/^(\/0?)?$/.test(pathname)))
    return 'must be without a number of a database: a cluster has one'
  return undefined
}

function restOf(url: URL): string {
  const { protocol, username, password, pathname } = url
  return JSON.stringify([protocol, username, password, pathname === '/' ? '' : pathname])
}

function isOneUrl(text: string): boolean {
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) return false
  const { hostname, username, password, pathname, search, hash } = new URL(text)
  return (
    hostname !== '' &&
    [username, password].every(isPercentEncoded) &&
    /^(\/\d{0,5})?$/.test(pathname) &&
    search + hash === ''
  )
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
