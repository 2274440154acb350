import { isReply } from './bus/errors.ts'
import type { Log } from './observe/facts.ts'
import type { RedisClient } from './redis-client.ts'

const majorMin = 8
const askAgainMs = 1000

/** What was found out about a Redis. `refusal`: it does not let itself be asked. */
type Found = { version: string; isNewEnough: boolean } | { refusal: Error }

/**
 * Resolves once Redis is known to be new enough, or does not let itself be asked. One that is too old is said once, and may
 * be replaced meanwhile: so it is asked again on every new connection, also after this has resolved.
 */
export async function redisIsNewEnough(redis: RedisClient, log: Log): Promise<void> {
  const enough = Promise.withResolvers<void>()
  let tooOld: string | undefined
  let wasRefused = false
  const judge = (found: Found): void => {
    if ('refusal' in found) {
      // An ACL may forbid it. What is missing then, the first publish will say.
      if (!wasRefused) log.warn({ err: found.refusal }, 'Redis does not tell its version: going on without')
      wasRefused = true
    } else if (!found.isNewEnough) {
      if (tooOld !== found.version)
        log.error(
          {},
          `Redis 8.0 or later is needed (HSETEX), this is ${found.version}: waiting until there is a newer one`,
        )
      tooOld = found.version
      return
    } else if (tooOld !== undefined) {
      log.info({}, `Redis is new enough now: ${found.version}`)
      tooOld = undefined
    }
    enough.resolve()
  }
  const look = (): void => {
    find(redis).then(judge, () => {
      // The link broke, and another will be ready; or it stands, and the answer was too slow.
      if (redis.status === 'ready') setTimeout(look, askAgainMs).unref()
    })
  }
  redis.on('ready', look)
  if (redis.status === 'ready') look()
  await enough.promise
}

async function find(redis: RedisClient): Promise<Found> {
  const info = await redis.info('server').catch((error: unknown) => {
    if (isReply(error)) return error
    throw error
  })
  if (info instanceof Error) return { refusal: info }
  const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'one without a version'
  if (Number.parseInt(version, 10) >= majorMin) return { version, isNewEnough: true }
  // Others that speak its language count their versions differently, as Valkey does.
  const hsetex = await redis.command('INFO', 'HSETEX').catch(() => [])
  return { version, isNewEnough: Array.isArray(hsetex[0]) }
}
