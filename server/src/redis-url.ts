/** What REDIS_URL is, for people who got it wrong. */
export const redisUrlRule =
  'must be a URL like redis://redis:6379, or redis://user:password@redis:6379/0 in percent-encoding'

/** Refuses what ioredis would read in a way of its own, fail at with a stack, or take for something else than was meant. */
export function isRedisUrl(text: string): boolean {
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
