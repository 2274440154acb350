import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { z } from 'zod'
import { readIssuers } from './access/issuers.ts'
import { limits, rangeRule } from './limits.ts'
import { isRedisUrl, redisMasterPattern, redisModes, redisUrlRule } from './redis-url.ts'

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

/** Every knob of a worker. Units stand last in the name; docs/settings.md lists the defaults, sse-options.ts says what most mean. */
export const environment = {
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
  // ADMIN_BIND is where it listens: whoever reaches it may do all of that.
  ADMIN_PORT: z
    .string()
    .regex(/^\d{1,5}$/, portRule)
    .transform(Number)
    .refine(port => port >= 1 && port <= 65_535, portRule)
    .optional(),
  ADMIN_BIND: z.string().refine(isIP, 'must be an IP address of this machine').default('127.0.0.1'),
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
  // Where socket files are, to listen on beside the port.
  SOCKET: z
    .string()
    // [unix(7)] 107 bytes, of which the name of the host takes its share: see socket-files.ts.
    .regex(
      /^\/.{0,39}[^/]$/,
      'must be an absolute path of a file, at most 41 characters, like /run/lab/server.sock',
    )
    .optional(),
  BUS: z.enum(['memory', 'pubsub', 'streams'], 'must be memory, pubsub or streams').optional(),
  WORKERS: integer(1, 256, 4),
  REDIS_URL: z.string().refine(isRedisUrl, redisUrlRule).optional(),
  // How Redis stands behind it. REDIS_MASTER is what the sentinels call the server that they watch.
  REDIS_MODE: z.enum(redisModes, `must be ${redisModes.join(', ')}`).default('single'),
  REDIS_MASTER: z
    .string()
    .regex(redisMasterPattern, 'must be the name in `sentinel monitor`, like mymaster')
    .default('mymaster'),
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
  RETURNS_PER_SECOND: integer(...limits.returnsPerSecond),
  OPENS_PER_SECOND_MAX: integer(...limits.opensPerSecondMax),
  PUBLISH_TIMEOUT_MS: integer(...limits.publishTimeoutMs),
  CONFIRM: integer(...limits.confirm),
  PARTITIONS: integer(...limits.partitions),
  BATCH_MS: integer(...limits.batchMs),
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
  // Whether batches are sent by the native part: server/native.
  NATIVE: flag,
  // Whether the page may end workers: in a lab alone.
  LAB: flag,
  LOG_LEVEL: z.enum(levels, `must be one of ${levels.join(' ')}`).default('info'),
}

/** What is read from the environment, by the names of its variables. */
export type Environment = { [Name in keyof typeof environment]: z.output<(typeof environment)[Name]> }

// Compose writes an IPv6 address in brackets.
function isAddress(text: string): boolean {
  return isIP(text.replace(/^\[(.*)\]$/, '$1')) !== 0
}
