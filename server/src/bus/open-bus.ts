import type { Log } from '../observe/facts.ts'
import type { Settings } from '../options.ts'
import type { Bus } from './bus.ts'
import { MemoryBus } from './memory.ts'
import { PubsubBus } from './pubsub.ts'
import { logKeys } from './streams/log-keys.ts'
import { StreamsBus } from './streams/streams.ts'
import type { RedisLinks } from '../redis-client.ts'

/** Makes the bus that the settings name. It does nothing before somebody subscribes. */
export function openBus(settings: Settings, redis: RedisLinks | undefined, log: Log): Bus {
  const { logEventsMax, logBytesMax, publishTimeoutMs, confirm } = settings
  const batchBytesMax = settings.bufferedBytesMax / 2
  const bounds = { batchBytesMax, waitingBytesMax: logBytesMax, waitingEventsMax: logEventsMax }
  if (settings.bus === 'memory' || redis === undefined) return new MemoryBus(bounds)
  const { commands, listener } = redis
  if (settings.bus === 'pubsub') return new PubsubBus({ commands, subscription: listener, bounds, log })
  return new StreamsBus({
    commands,
    reader: listener,
    keys: settings.redisMode === 'cluster' ? logKeys(0) : logKeys(),
    bounds: { logEventsMax, logBytesMax, batchBytesMax },
    publishTimeoutMs,
    ...(confirm > 0 && { confirm: { redis: redis.openPublisher(), replicas: confirm } }),
    log,
  })
}
