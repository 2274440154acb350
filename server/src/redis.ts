import type { Redis } from 'ioredis'
import { isReply } from './bus/errors.ts'
import { readBlockMs } from './bus/streams/log-reader.ts'
import type { Log } from './observe/facts.ts'
import { kindOf, RepeatedFact } from './observe/repeated-fact.ts'
import { openClient, type RedisClient, type RedisLinks } from './redis-client.ts'
import type { RedisPlace } from './redis-url.ts'

const silentLinkMs = 5000
// Must exceed the BLOCK time of XREAD.
const listenTimeoutMs = 3 * readBlockMs

/**
 * Connections to Redis. Neither connects before it is told to, and both come back by themselves, at the latest one
 * second after Redis does; with Sentinel and in a cluster to the server that is master then. A URL alone is one server.
 */
export function openRedis(url: string, ...rest: Rest): RedisLinks<Redis>
export function openRedis(place: RedisPlace, ...rest: Rest): RedisLinks
export function openRedis(
  place: RedisPlace | string,
  ...[name, publishTimeoutMs, log, keyPrefix = '']: Rest
): RedisLinks {
  const shared = { place, keyPrefix, log }
  // The worker writes its status every second, so 5 s without a byte mean a dead link. Without socketTimeout publishes would
  // hang until TCP gives up, minutes later.
  const commands = openLink(shared, `${name}/commands`, publishTimeoutMs, { socketTimeout: silentLinkMs })
  // What hears the bus. We subscribe again ourselves: see PubsubBus.
  const listen = (link: string) => openLink(shared, link, listenTimeoutMs, { autoResubscribe: false })
  const listener = listen(`${name}/listener`)
  const openListener = (n: number) => listen(`${name}/listener/${n}`)
  const openPublisher = () =>
    openLink(shared, `${name}/publisher`, publishTimeoutMs, { socketTimeout: silentLinkMs })
  return { commands, listener, openListener, openPublisher }
}

type Rest = [name: string, publishTimeoutMs: number, log: Log, keyPrefix?: string]
type Shared = { place: RedisPlace | string; keyPrefix: string; log: Log }

function openLink(
  { place, keyPrefix, log }: Shared,
  connectionName: string,
  commandTimeout: number,
  more: { socketTimeout?: number; autoResubscribe?: boolean },
): RedisClient {
  const redis = openClient(place, {
    lazyConnect: true,
    keyPrefix,
    connectionName,
    commandTimeout,
    ...more,
    // While Redis reads its file ioredis would wait for as long as Redis guesses that it takes.
    maxLoadingRetryTime: 500,
    // A command without an answer is the caller's to repeat: sent again behind its back, it may take effect twice.
    autoResendUnfulfilledCommands: false,
    // While Redis is away a publish fails at once. In a queue it would wait past the caller's patience and then happen.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
  })
  logLink(redis, connectionName, log)
  return redis
}

// ioredis reports every failed attempt.
function logLink(redis: RedisClient, connection: string, log: Log): void {
  let wasThere = false
  const away = new RepeatedFact(log, { text: 'Redis is away', over: 'connected to Redis again' })
  const refusing = new RepeatedFact(log, {
    text: 'Redis refuses the connection',
    over: 'Redis takes the connection',
  })
  redis.on('error', (error: Error & { lastNodeError?: Error }) => {
    // Of a cluster no node could be asked: what the last one said.
    const cause = error.lastNodeError ?? error
    const fact = isReply(cause) ? refusing : away
    fact.happened({ err: cause, connection }, kindOf(cause))
  })
  redis.on('ready', () => {
    if (!wasThere) log.info({ connection }, 'connected to Redis')
    wasThere = true
    for (const fact of [away, refusing]) fact.over({ connection })
  })
}
