import { Redis, type Cluster } from 'ioredis'
import { openCluster } from './redis-cluster.ts'
import { splitRedisUrls, type RedisPlace } from './redis-url.ts'

const connectTimeout = 2000
const sentinelPort = 26_379
const redisPort = 6379

/** A connection to one server, or to whichever servers of a cluster the keys are on. Both speak the same commands. */
export type RedisClient = Redis | Cluster

/** The connections of a process. */
export type RedisLinks<Client = RedisClient> = {
  /** For what is answered at once. */
  commands: Client
  /** For what waits. */
  listener: Client
  /** Makes another one that waits. */
  openListener: (n: number) => RedisClient
  /** Makes one for publishes that are confirmed: they hold up whatever comes behind them. */
  openPublisher: () => RedisClient
}

/** Has it connect, and resolves when Redis is there. Waits as long as it takes. */
export async function untilThere(redis: RedisClient): Promise<void> {
  redis.connect().catch(() => undefined) // retried by ioredis, reported by its 'error' event
  // Not events.once: that gives up at the first 'error', and ioredis reports each failed attempt.
  if (redis.status !== 'ready') await new Promise<void>(resolve => redis.once('ready', resolve))
}

/** What a connection is told beside where to go. */
export type LinkOptions = {
  lazyConnect: boolean
  keyPrefix: string
  connectionName: string
  commandTimeout: number
  socketTimeout?: number
  autoResubscribe?: boolean
  maxLoadingRetryTime: number
  autoResendUnfulfilledCommands: boolean
  enableOfflineQueue: boolean
  maxRetriesPerRequest: number
}

/** Makes the connection that the place needs. It does not connect before it is told to. A URL alone is one server. */
export function openClient(place: RedisPlace | string, own: LinkOptions): RedisClient {
  const options = { ...own, retryStrategy, connectTimeout }
  if (typeof place === 'string') return new Redis(place, options)
  if (place.mode === 'single') return new Redis(place.url, options)
  if (place.mode === 'sentinel') return openWatched(place, options)
  const { db: _0, ...access } = accessOf(place.url)
  return openCluster(addressesOf(place.url, redisPort), { ...options, ...access })
}

function openWatched({ url, master }: RedisPlace, options: LinkOptions): Redis {
  const { tls, ...access } = accessOf(url)
  return new Redis({
    ...options,
    ...access,
    ...(tls !== undefined && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
    name: master,
    sentinels: addressesOf(url, sentinelPort),
    sentinelCommandTimeout: connectTimeout,
    sentinelReconnectStrategy: retryStrategy,
    // After a failover by hand the old master takes writes for ten seconds more, and loses them: so what the sentinels say
    // ends the connection at once.
    failoverDetector: true,
    // And if no sentinel could say it: a master that became a replica answers READONLY. `true` connects anew, and does not
    // send the command again.
    reconnectOnError: error => error.message.startsWith('READONLY'),
  })
}

function addressesOf(urls: string, defaultPort: number): { host: string; port: number }[] {
  return splitRedisUrls(urls).map(url => {
    const { hostname, port } = new URL(url)
    return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) || defaultPort }
  })
}

function accessOf(urls: string) {
  const { protocol, username, password, pathname } = new URL(splitRedisUrls(urls)[0])
  return {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    db: Number(pathname.slice(1)),
    ...(protocol === 'rediss:' && { tls: {} }),
  }
}

// The random part keeps the workers from coming back in the same millisecond.
function retryStrategy(attempt: number): number {
  return Math.min(50 * 2 ** attempt, 900) + Math.random() * 100
}
