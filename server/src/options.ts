import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { inspect } from 'node:util'
import { z } from 'zod'
import { disagreements, limitNames, limits, rangeRule, type LimitName } from './limits.ts'
import type { Log } from './observe/facts.ts'
import { redisDisagreements } from './redis-agreements.ts'
import type { Authorize, SseOptions } from './sse-options.ts'

import { isRedisUrl, redisMasterPattern, redisModes, redisUrlRule, type RedisMode } from './redis-url.ts'

export type { SseOptions }

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
  fleet: SseOptions['fleet']
  corsOrigins: readonly string[]
  native: boolean
  log: Log | undefined
}

/** Thrown by `createSse`. Its text names every option that is wrong, and what it must be. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError'
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
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
const ownNames = {
  redis: 'redis',
  redisMode: 'redisMode',
  bus: 'bus',
  confirm: 'confirm',
  partitions: 'partitions',
}
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
  authorize: z.custom<Authorize>(isFunction, 'must be a function').optional(),
  fleet: z.custom<NonNullable<SseOptions['fleet']>>(isFunction, 'must be a function').optional(),
  corsOrigins: z.array(z.string().refine(isOrigin, 'must be an origin like https://example.com')).default([]),
  native: z.boolean('must be true or false').default(false),
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
  const {
    redis,
    bus = redis === undefined ? 'memory' : 'streams',
    authorize,
    fleet,
    log,
    ...others
  } = read.data
  const { name = `${hostname()}/${randomBytes(3).toString('hex')}/${others.instance}` } = others
  const settings: Settings = { ...others, name, redis, bus, authorize, fleet, log }
  const wrong = disagreements(settings, spelled => spelled)
  if (bus !== 'memory' && redis === undefined) {
    wrong.unshift(`redis is missing (bus ${bus} needs it, like redis://localhost:6379)`)
  }
  wrong.push(...redisDisagreements(settings, ownNames))
  if (wrong.length > 0) throw new OptionsError(`createSse: ${wrong.join('; ')}`)
  return settings
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
