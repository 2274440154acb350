import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { inspect } from 'node:util'
import { z } from 'zod'
import type { Grant } from './grant.ts'
import type { Request } from './http/body.ts'
import { disagreements, limitNames, limits, rangeRule, type LimitName } from './limits.ts'
import type { Log } from './observe/facts.ts'
import {
  confirmNeedsLog,
  isRedisUrl,
  pubsubInCluster,
  redisMasterPattern,
  redisModes,
  redisPlaceFault,
  redisUrlRule,
  type RedisMode,
} from './redis-url.ts'

/** Says who a request is: what it may do, or undefined for nobody. May also throw a Refusal with words of its own. */
export type Authorize = (request: Request) => Grant | undefined | Promise<Grant | undefined>

/** What `createSse` takes. All of it may be left out. Units stand last in the name: Ms milliseconds, Bytes bytes. */
export type SseOptions = {
  /** `redis://user:password@host:6379/0`, Redis 8.0 or later. Default: none, and every process is on its own. */
  redis?: string | undefined
  /**
   * How Redis stands there: `single` server; `sentinel`, and `redis` has some sentinels, separated by commas; `cluster`, and it
   * has some nodes. User, password and database in them are those of the servers, the same in each. Default: `single`.
   */
  redisMode?: RedisMode | undefined
  /** What the sentinels call the server that they watch. Default: `mymaster`. */
  redisMaster?: string | undefined
  /**
   * How events reach the other processes. `streams`: a log in Redis, and who comes back gets what it missed. `pubsub`: a channel of
   * Redis, without a past. `memory`: this process alone. Default: `streams` with Redis, `memory` without.
   */
  bus?: 'memory' | 'pubsub' | 'streams' | undefined
  /** Stands before the name of each key and channel in Redis, for applications that share one. Default: none. */
  keyPrefix?: string | undefined
  /** What this process is called in `hello`, in metrics and in Redis' CLIENT LIST. Default: `<host>/<6 random digits>/<instance>`. */
  name?: string | undefined
  /** The number of this process among its siblings, for `hello`. Default: 0. */
  instance?: number | undefined
  /** Asked for each stream and each received publish that brings no grant of its own. Default: everybody may do everything. */
  authorize?: Authorize | undefined
  /** Pages of these origins may read streams. Leave it empty where your framework answers CORS. Default: none. */
  corsOrigins?: readonly string[] | undefined
  /** Where facts go, a few lines an hour. A pino logger will do, or `console`. Default: warnings and errors on standard error. */
  log?: Log | undefined
  /** Time between signs of life on every stream. Keep it under a third of what any proxy waits. 0: none. Default: 15,000. */
  heartbeatMs?: number | undefined
  /** How long a client waits until it comes back: a random time between the two. Defaults: 1000 and 5000. */
  retryMsMin?: number | undefined
  retryMsMax?: number | undefined
  /** Age at which a stream ends by itself, and its client comes back to any process. 0: never. Default: 1,800,000. */
  streamMs?: number | undefined
  /** How long `drain` may take. Default: 5000. */
  drainMs?: number | undefined
  /** What the log keeps for those who come back, for all topics together. Defaults: 10,000 events, 16 MiB. */
  logEventsMax?: number | undefined
  logBytesMax?: number | undefined
  /** Unsent bytes at which a client that does not read is dropped. Default: 1 MiB. */
  bufferedBytesMax?: number | undefined
  /** The largest event on the wire. At most half of bufferedBytesMax. Default: 64 KiB. */
  eventBytesMax?: number | undefined
  /** Streams of this process; one more is told to come back later. Default: 10,000. */
  connectionsMax?: number | undefined
  /** How long a publish waits for Redis. Default: 1500. */
  publishTimeoutMs?: number | undefined
  /**
   * How many replicas of Redis must have an event before its publish is acknowledged; with too few it is refused, and may arrive.
   * Default: 0, the master alone.
   */
  confirm?: number | undefined
  /** Unsent bytes of all streams together, at which the fullest are dropped. Default: 256 MiB. */
  unsentBytesMax?: number | undefined
  /** What one subject of a grant may take of this process. Defaults: 20 streams; 50 publishes a second, and as many at once. */
  subjectStreamsMax?: number | undefined
  subjectPublishesPerSecondMax?: number | undefined
}

/** Options, whole. */
export type Settings = Record<LimitName, number> & {
  redis: string | undefined
  redisMode: RedisMode
  redisMaster: string
  bus: 'memory' | 'pubsub' | 'streams'
  keyPrefix: string
  name: string
  instance: number
  authorize: Authorize | undefined
  corsOrigins: readonly string[]
  log: Log | undefined
}

/** Thrown by `createSse`. Its text names every option that is wrong, and what it must be. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError'
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}

function isLog(value: unknown): value is Log {
  return (
    typeof value === 'object' && value !== null && ['debug', 'info', 'warn', 'error'].every(it => it in value)
  )
}

// `limits` has each of the names, so the object has.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const numbers = Object.fromEntries(
  limitNames.map(name => {
    const [min, max, fallback] = limits[name]
    const rule = rangeRule(limits[name])
    return [name, z.int(rule).min(min, rule).max(max, rule).default(fallback)]
  }),
) as Record<LimitName, z.ZodDefault<z.ZodInt>>

const buses = 'must be memory, pubsub or streams'
const oneWord = /^[\x21-\x7e]{1,255}$/

const schema = z.strictObject({
  ...numbers,
  redis: z.custom<string>(value => typeof value === 'string' && isRedisUrl(value), redisUrlRule).optional(),
  redisMode: z.enum(redisModes, `must be ${redisModes.join(', ')}`).default('single'),
  redisMaster: z
    .string('must be a string')
    .regex(redisMasterPattern, 'must be the name in `sentinel monitor`')
    .default('mymaster'),
  bus: z.enum(['memory', 'pubsub', 'streams'], buses).optional(),
  keyPrefix: z.string('must be a string').max(100, 'must be at most 100 characters').default(''),
  name: z
    .string('must be a string')
    .regex(oneWord, 'must be 1 to 255 visible ASCII characters without spaces')
    .optional(),
  instance: z.int('must be an integer, 0 or more').min(0, 'must be an integer, 0 or more').default(0),
  authorize: z.custom<Authorize>(value => typeof value === 'function', 'must be a function').optional(),
  corsOrigins: z.array(z.string().refine(isOrigin, 'must be an origin like https://example.com')).default([]),
  log: z
    .custom<Log>(isLog, 'must have debug, info, warn and error, like a pino logger or console')
    .optional(),
})

/** Checks options and fills in the defaults. Throws one OptionsError that names every bad option. Never shows the URL of Redis. */
export function readOptions(options: SseOptions): Settings {
  const read = schema.safeParse(options)
  if (!read.success) {
    throw new OptionsError(`createSse: ${read.error.issues.map(issue => wordsOf(issue, options)).join('; ')}`)
  }
  const { redis, bus = redis === undefined ? 'memory' : 'streams', authorize, log, ...others } = read.data
  const { name = `${hostname()}/${randomBytes(3).toString('hex')}/${others.instance}` } = others
  const settings: Settings = { ...others, name, redis, bus, authorize, log }
  const wrong = disagreements(settings, spelled => spelled)
  if (bus !== 'memory' && redis === undefined) {
    wrong.unshift(`redis is missing (bus ${bus} needs it, like redis://localhost:6379)`)
  }
  wrong.push(...redisFaults(settings))
  if (wrong.length > 0) throw new OptionsError(`createSse: ${wrong.join('; ')}`)
  return settings
}

function redisFaults({ redis, redisMode, bus, confirm }: Settings): string[] {
  const noLog = confirm > 0 && bus !== 'streams' ? [`confirm ${confirmNeedsLog}`] : []
  if (redis === undefined)
    return redisMode === 'single' ? noLog : [...noLog, `redis is missing (redisMode ${redisMode})`]
  const fault = redisPlaceFault(redis, redisMode)
  const wrong = fault === undefined ? noLog : [...noLog, `redis ${fault} (its value is not shown)`]
  if (bus === 'pubsub' && redisMode === 'cluster') wrong.push(`bus ${pubsubInCluster}`)
  return wrong
}

function wordsOf(issue: z.core.$ZodIssue, options: object): string {
  if (issue.code === 'unrecognized_keys') return `there is no option ${issue.keys.join(', ')}`
  const [name = ''] = issue.path
  const given: unknown = Object.entries(options).find(([key]) => key === name)?.[1]
  const got = name === 'redis' ? 'its value is not shown' : `got ${shown(given)}`
  return `${issue.path.join('.')} ${issue.message} (${got})`
}

function shown(given: unknown): string {
  return typeof given === 'function' ? 'a function' : inspect(given).slice(0, 64)
}
