import { splitRedisUrls } from '../redis-url.ts'

export type Mask = (text: string) => string

const mask = '***'
// Shorter ones are in words, too: to mask them would hide what a line says, and tell what they are.
const secretCharsMin = 4

/** Hides the secrets of `redisUrl` in a text, however they are written there, and the user and password of any URL. */
export function createMask(redisUrl: string | undefined): Mask {
  // The longest first: one may be a part of another.
  const secrets = secretsOf(redisUrl).toSorted((a, b) => b.length - a.length)
  return text => {
    for (const secret of secrets) text = text.replaceAll(secret, mask)
    return text.replaceAll(/\/\/[^\s/"]+@/g, `//${mask}@`)
  }
}

/** Hides what may be a password in the value of a variable that could not be read, and so may be written in any way. */
export function maskValue(value: string): string {
  return value
    .replaceAll(/[^\s,]*@/g, `${mask}@`)
    .replaceAll(/(pass\w*|secret|token|key|auth)=[^&\s,]*/gi, `$1=${mask}`)
}

function secretsOf(redisUrl: string | undefined): string[] {
  return redisUrl === undefined ? [] : splitRedisUrls(redisUrl).flatMap(secretsOfOne)
}

function secretsOfOne(redisUrl: string): string[] {
  if (!URL.canParse(redisUrl)) return []
  const { username, password } = new URL(redisUrl)
  // A lone user name may be a password that lacks its colon.
  const secret = password || username
  // As it stands in the URL, as Redis gets it, and as JSON writes that.
  const written = [secret, decoded(secret)]
  return [...written, ...written.map(text => JSON.stringify(text).slice(1, -1))].filter(
    text => text.length >= secretCharsMin,
  )
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
