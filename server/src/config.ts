import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { z } from 'zod'
import { issuersRule, readIssuers } from './access/issuers.ts'
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

const flag = z
  .enum(['0', '1'], 'must be 0 or 1')
  .default('0')
  .transform(value => value === '1')

const portRule = 'must be an integer 1-65535'

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/** Every knob of a worker. Units stand last in the name; README.md lists the defaults, options.ts says what most of them mean. */
const environment = {
  PORT: integer(1, 65_535, 3000),
  // Loopback unless told: without access control, whoever reaches the port may do all.
  BIND: z
    .string()
    .refine(isIP, 'must be an IP address of this machine: 127.0.0.1, or 0.0.0.0 for all of them')
    .default('127.0.0.1'),
  // Where the port of a container is published: Docker decides who reaches it, and only the one who starts it knows.
  PUBLISHED_ON: z.string().refine(isAddress, 'must be an IP address').optional(),
  // Consent to AUTH=off where others than this machine reach the port.
  OPEN: flag,
  // For metrics, the list of workers, and revocations: a port that no proxy knows. Without it they are on PORT.
  ADMIN_PORT: z
    .string()
    .regex(/^\d{1,5}$/, portRule)
    .transform(Number)
    .refine(port => port >= 1 && port <= 65_535, portRule)
    .optional(),
  // Names that calls may come for, beside those of this machine; `*.example.com` is every name below example.com.
  HOSTS: z
    .string()
    .transform(list => list.toLowerCase().split(',').filter(Boolean))
    .refine(
      list => list.every(name => /^(\*\.)?[\w.-]+$/.test(name)),
      'must be host names like example.com,*.example.org, without ports, separated by commas',
    )
    .default([]),
  // Who may do what: off, everybody everything; jwt, what a token of AUTH_ISSUERS says.
  AUTH: z.enum(['off', 'jwt'], 'must be off or jwt').default('off'),
  AUTH_ISSUERS: z
    .string()
    .transform((json, context) => {
      try {
        return readIssuers(json)
      } catch (error) {
        context.addIssue(error instanceof Error ? error.message : String(error))
        return z.NEVER
      }
    })
    .optional(),
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
  // A file with the password for REDIS_URL: what stands in the environment can be seen from outside a container.
  REDIS_PASSWORD_FILE: z.string().regex(/^\//, 'must be the absolute path of a file').optional(),
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
  UNSENT_BYTES_MAX: integer(...limits.unsentBytesMax),
  SUBJECT_STREAMS_MAX: integer(...limits.subjectStreamsMax),
  SUBJECT_PUBLISHES_PER_SECOND_MAX: integer(...limits.subjectPublishesPerSecondMax),
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
  LAB: flag,
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
  const needsRedis = it.BUS !== undefined && it.BUS !== 'memory'
  if (needsRedis && 'REDIS_URL' in it && it.REDIS_URL === undefined)
    wrong.unshift(`REDIS_URL is missing (BUS=${it.BUS} needs it, like redis://redis:6379)`)
  return [...wrong, ...accessDisagreements(it)]
}

function accessDisagreements(it: Partial<Environment>): string[] {
  const wrong: string[] = []
  const reachedOn = it.PUBLISHED_ON ?? it.BIND
  if (it.AUTH === 'off' && !it.OPEN && reachedOn !== undefined && !isLoopback(reachedOn))
    wrong.push(
      `AUTH=off lets everybody who reaches ${reachedOn} publish to every topic and read it: set AUTH=jwt, or OPEN=1 if that is meant`,
    )
  if (it.AUTH === 'jwt' && 'AUTH_ISSUERS' in it && it.AUTH_ISSUERS === undefined)
    wrong.push(`AUTH_ISSUERS is missing (AUTH=jwt needs it): it ${issuersRule}`)
  if (it.AUTH === 'jwt' && it.REDIS_URL === undefined && 'REDIS_URL' in it)
    wrong.push('REDIS_URL is missing (AUTH=jwt needs it: tickets and revocations are there)')
  if (it.REDIS_PASSWORD_FILE !== undefined && it.REDIS_URL === undefined)
    wrong.push('REDIS_PASSWORD_FILE needs REDIS_URL, like redis://name@redis:6379')
  if (it.ADMIN_PORT !== undefined && it.ADMIN_PORT === it.PORT)
    wrong.push(`ADMIN_PORT must be another port than PORT (got ${it.PORT} for both)`)
  return wrong
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === '[::1]'
}

// Compose writes an IPv6 address in brackets.
function isAddress(text: string): boolean {
  return isIP(text.replace(/^\[(.*)\]$/, '$1')) !== 0
}
