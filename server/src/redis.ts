import { Redis } from 'ioredis'
import { isReply } from './bus/errors.ts'
import { readBlockMs } from './bus/streams/log-reader.ts'
import type { Log } from './observe/facts.ts'
import { kindOf, RepeatedFact } from './observe/repeated-fact.ts'

const silentLinkMs = 5000
// Must exceed the BLOCK time of XREAD.
const listenTimeoutMs = 3 * readBlockMs

/**
 * Connections to Redis. Neither connects before it is told to, and both come back by themselves, at the latest one
 * second after Redis does.
 */
export function openRedis(
  url: string,
  name: string,
  publishTimeoutMs: number,
  log: Log,
  keyPrefix = '',
): { commands: Redis; listener: Redis } {
  const shared = {
    lazyConnect: true,
    keyPrefix,
    // The random part keeps the workers from coming back in the same millisecond.
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, 900) + Math.random() * 100,
    connectTimeout: 2000,
    // While Redis reads its file ioredis would wait for as long as Redis guesses that it takes.
    maxLoadingRetryTime: 500,
    // A command without an answer is the caller's to repeat: sent again behind its back, it may take effect twice.
    autoResendUnfulfilledCommands: false,
    // While Redis is away a publish fails at once. In a queue it would wait past the caller's patience and then happen.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
  }
  // The worker writes its status every second, so 5 s without a byte mean a dead link. Without socketTimeout publishes would
  // hang until TCP gives up, minutes later.
  const commands = new Redis(url, {
    ...shared,
    commandTimeout: publishTimeoutMs,
    socketTimeout: silentLinkMs,
    connectionName: `${name}/commands`,
  })
  // What hears the bus. We subscribe again ourselves: see PubsubBus.
  const listener = new Redis(url, {
    ...shared,
    commandTimeout: listenTimeoutMs,
    autoResubscribe: false,
    connectionName: `${name}/listener`,
  })
  for (const redis of [commands, listener]) logLink(redis, log)
  return { commands, listener }
}

// ioredis reports every failed attempt.
function logLink(redis: Redis, log: Log): void {
  const connection = redis.options.connectionName
  let wasThere = false
  const away = new RepeatedFact(log, { text: 'Redis is away', over: 'connected to Redis again' })
  const refusing = new RepeatedFact(log, {
    text: 'Redis refuses the connection',
    over: 'Redis takes the connection',
  })
  redis.on('error', (error: Error) => {
    const fact = isReply(error) ? refusing : away
    fact.happened({ err: error, connection }, kindOf(error))
  })
  redis.on('ready', () => {
    if (!wasThere) log.info({ connection }, 'connected to Redis')
    wasThere = true
    for (const fact of [away, refusing]) fact.over({ connection })
  })
}
