import { openBus } from './bus/open-bus.ts'
import { consoleLog, safeLog } from './observe/facts.ts'
import { createMask } from './observe/secrets.ts'
import { readOptions } from './options.ts'
import type { SseOptions } from './sse-options.ts'
import { openRedis } from './redis.ts'
import { Sse } from './sse-process.ts'

/** The entry of the package. What stands here is its API; all else may change. */

export type { Grant } from './grant.ts'
export type { Request } from './http/body.ts'
export { openServer } from './http/http-server.ts'
export type { Published } from './http/publisher.ts'
export { Refusal, type RefusalCode } from './http/refusal.ts'
export type { Response } from './http/response.ts'
export type { Log } from './observe/facts.ts'
export { OptionsError } from './options.ts'
export type { Authorize, SseOptions } from './sse-options.ts'
export type { Sse } from './sse-process.ts'
export type { Fleet, PublishMore, SseStatus } from './sse-types.ts'

/**
 * Makes this process a part of the hub. It connects at once, and again whenever the link breaks.
 * Throws an OptionsError that names every bad option.
 *
 * ```ts
 * const sse = createSse({ redis: 'redis://localhost:6379' })
 * createServer((request, response) => void sse.stream(request, response, { topics: ['lobby'] })).listen(3000)
 * await sse.publish('lobby', { said: 'hello' })
 * ```
 */
export function createSse(options: SseOptions = {}): Sse {
  const settings = readOptions(options)
  const log = safeLog(settings.log ?? consoleLog, createMask(settings.redis))
  const { redis: url, redisMode: mode, redisMaster: master, name, publishTimeoutMs, keyPrefix } = settings
  const place = url === undefined ? undefined : { url, mode, master }
  const redis = place && openRedis(place, name, publishTimeoutMs, log, keyPrefix)
  return new Sse({ settings, log, redis: redis?.commands, bus: openBus(settings, redis, log) })
}
