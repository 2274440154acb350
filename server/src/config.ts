import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { z } from 'zod'
import { disagreements, limitNames, limits, rangeRule, type LimitName } from './limits.ts'
import { maskValue } from './observe/secrets.ts'
import { isRedisUrl, redisUrlRule } from './redis-url.ts'

/** Thrown by readConfig. Its text names every bad variable, so that one start is enough to mend them all. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

function integer(min: number, max: number, fallback: number) {
  const expected = rangeRule([min, max, fallback])
  return z
    .string()
    .regex(/^\d{1,16}$/, expected)
    .transform(Number)
    .refine(value => value >= min && value <= max, expected)
    .default(fallback)
}

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** Every knob of a worker. Units stand last in the name; README.md lists the defaults, options.ts says what most of them mean. */
const environment = {
  PORT: integer(1, 65_535, 3000),
  // Loopback unless told: without access control, whoever reaches the port may do all.
  BIND: z
    .string()
    .refine(isIP, 'must be an IP address of this machine: 127.0.0.1, or 0.0.0.0 for all of them')
    .default('127.0.0.1'),
  // A socket file to listen on beside the port.
  SOCKET: z
    .string()
    // [unix(7)] 107 bytes, of which the name of the host takes its share: see socket-file.ts.
    .regex(
      /^\/.{0,39}[^/]$/,
      'must be an absolute path of a file, at most 41 characters, like /run/lab/server.sock',
    )
    .optional(),
  BUS: z.enum(['memory', 'pubsub', 'streams'], 'must be memory, pubsub or streams').optional(),
  WORKERS: integer(1, 256, 4),
  REDIS_URL: z.string().refine(isRedisUrl, redisUrlRule).optional(),
  // Tells this server, one start of pm2, from any other with the same host name.
  SERVER_ID: z
    .string()
    .regex(/^[0-9a-f]{6}$/, 'must be 6 hexadecimal digits')
    .default(() => randomBytes(3).toString('hex')),
  HEARTBEAT_MS: integer(...limits.heartbeatMs),
  RETRY_MS_MIN: integer(...limits.retryMsMin),
  RETRY_MS_MAX: integer(...limits.retryMsMax),
  STREAM_MS: integer(...limits.streamMs),
  DRAIN_MS: integer(...limits.drainMs),
  LOG_EVENTS_MAX: integer(...limits.logEventsMax),
  LOG_BYTES_MAX: integer(...limits.logBytesMax),
  BUFFERED_BYTES_MAX: integer(...limits.bufferedBytesMax),
  EVENT_BYTES_MAX: integer(...limits.eventBytesMax),
  CONNECTIONS_MAX: integer(...limits.connectionsMax),
  PUBLISH_TIMEOUT_MS: integer(...limits.publishTimeoutMs),
  CORS_ORIGINS: z
    .string()
    .transform(list => list.split(',').filter(Boolean))
    .refine(
      list => list.every(origin => URL.canParse(origin) && new URL(origin).origin === origin),
      'must be origins like http://localhost:8080, separated by commas',
    )
    .default([]),
  // After how long without a byte the broken side's proxy closes a stream, as compose.yaml sets it: the page counts it down.
  BROKEN_TIMEOUT: z
    .string()
    .regex(/^[1-9]\d{0,3}s$/, 'must be whole seconds like 10s, at most 9999s')
    .default('60s')
    .transform(text => Number(text.slice(0, -1)) * 1000),
  // Whether somebody starts the container again when it ends, as `restart: unless-stopped` does: then the page may end it.
  CONTAINER_RESTARTS: z
    .enum(['0', '1'], 'must be 0 or 1')
    .default('0')
    .transform(value => value === '1'),
  // Whether the page may end workers: in a lab alone.
  LAB: z
    .enum(['0', '1'], 'must be 0 or 1')
    .default('0')
    .transform(value => value === '1'),
  LOG_LEVEL: z.enum(levels, `must be one of ${levels.join(' ')}`).default('info'),
}

type Environment = { [Name in keyof typeof environment]: z.output<(typeof environment)[Name]> }

// LOG_EVENTS_MAX is logEventsMax in the code.
type Camel<Name extends string> = Name extends `${infer Word}_${infer Rest}`
  ? `${Lowercase<Word>}${Capitalize<Camel<Rest>>}`
  : Lowercase<Name>

/** The knobs of a worker, as `environment` names and describes them. */
export type Config = { [Name in keyof Environment as Camel<Name>]: Environment[Name] } & {
  bus: 'memory' | 'pubsub' | 'streams'
}

/**
 * Reads the configuration from environment variables. An empty variable counts as absent.
 * Throws one ConfigError that lists every bad variable with what it must be and its value, without passwords.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const read: Record<string, unknown> = {}
  const wrong: string[] = []
  for (const [name, schema] of Object.entries(environment)) {
    const given = env[name] === '' ? undefined : env[name]
    const { success, data, error } = schema.safeParse(given)
    if (success) read[name] = data
    else wrong.push(`${name} ${error.issues[0]?.message}${got(name, given)}`)
  }
  wrong.push(...disagree(read))
  if (wrong.length > 0) throw new ConfigError(`config: ${wrong.join('; ')}`)

  // Without Redis the memory bus is the only one there is; with it, the one that reaches every worker.
  read.BUS ??= read.REDIS_URL === undefined ? 'memory' : 'streams'
  const named = Object.entries(read).map(([name, value]) => [camel(name), value])
  // Every variable was read, or we would not be here.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(named) as Config
}

function camel(name: string): string {
  return name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

// Every name that is given here is one of `environment`.
function snake(name: LimitName): keyof Environment {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase() as keyof Environment
}

// A password must not be in a log, not even one that was written wrongly.
function got(name: string, given: string | undefined): string {
  return name === 'REDIS_URL' ? ' (its value is not shown)' : ` (got "${maskValue(given ?? '')}")`
}

function disagree(it: Partial<Environment>): string[] {
  const names = limitNames.map(name => [name, it[snake(name)]])
  const wrong = disagreements(Object.fromEntries(names), snake)
  if (it.BUS === undefined || it.BUS === 'memory' || !('REDIS_URL' in it) || it.REDIS_URL !== undefined)
    return wrong
  return [`REDIS_URL is missing (BUS=${it.BUS} needs it, like redis://redis:6379)`, ...wrong]
}
