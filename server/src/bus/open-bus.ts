import type { Log } from '../observe/facts.ts'
import type { Settings } from '../options.ts'
import { PartitionBus } from '../partitions/partition-bus.ts'
import { PartitionedBus, type AnyBus } from '../partitions/partitioned-bus.ts'
import type { RedisClient, RedisLinks } from '../redis-client.ts'
import { MemoryBus } from './memory.ts'
import { PubsubBus } from './pubsub.ts'
import type { LogBounds } from './streams/addition.ts'
import { logKeys } from './streams/log-keys.ts'
import { StreamsBus, type StreamsParts } from './streams/streams.ts'

/** Makes the bus that the settings name. It does nothing before somebody subscribes. */
export function openBus(settings: Settings, redis: RedisLinks | undefined, log: Log): AnyBus {
  const { logEventsMax, logBytesMax } = settings
  const bounds = {
    batchBytesMax: settings.bufferedBytesMax / 2,
    waitingBytesMax: logBytesMax,
    waitingEventsMax: logEventsMax,
  }
  if (settings.bus === 'memory' || redis === undefined) return new MemoryBus(bounds)
  const { commands, listener } = redis
  if (settings.bus === 'pubsub') return new PubsubBus({ commands, subscription: listener, bounds, log })
  return openStreams(settings, redis, log)
}

function openStreams(settings: Settings, redis: RedisLinks, log: Log): AnyBus {
  const { partitions, confirm, publishTimeoutMs, batchMs } = settings
  const { commands, listener, openListener } = redis
  const publisher = confirm > 0 ? redis.openPublisher() : undefined
  const shared = {
    commands,
    bounds: { ...logBoundsOf(settings), batchBytesMax: settings.bufferedBytesMax / 2, batchMs },
    publishTimeoutMs,
    log,
    ...(publisher && { confirm: { redis: publisher, replicas: confirm } }),
  }
  if (partitions > 1) return openPartitions(partitions, { shared, openListener, publisher })
  // A cluster puts keys together that have the same words in braces.
  return new StreamsBus({
    ...shared,
    reader: listener,
    keys: settings.redisMode === 'cluster' ? logKeys(0) : logKeys(),
  })
}

/** What one log keeps. Several share the bounds: so a worker that reads them all needs no more memory. */
export function logBoundsOf({ logEventsMax, logBytesMax, partitions }: Settings): LogBounds {
  return {
    logEventsMax: Math.ceil(logEventsMax / partitions),
    logBytesMax: Math.ceil(logBytesMax / partitions),
  }
}

function openPartitions(
  count: number,
  parts: {
    shared: Omit<StreamsParts, 'reader' | 'keys'>
    openListener: RedisLinks['openListener']
    publisher: RedisClient | undefined
  },
): PartitionedBus {
  const { shared, openListener, publisher } = parts
  const buses = Array.from({ length: count }, (_, n) => {
    const bus = new StreamsBus({ ...shared, reader: () => openListener(n), keys: logKeys(n) })
    return new PartitionBus(n, bus)
  })
  return new PartitionedBus({ commands: shared.commands, publisher }, buses)
}
