import { fileURLToPath } from 'node:url'
import type { Bus } from './bus/bus.ts'
import { MemoryBus } from './bus/memory.ts'
import { PubsubBus } from './bus/pubsub.ts'
import { StreamsBus } from './bus/streams/streams.ts'
import { endProcess, isOwnProcess } from './cluster/processes.ts'
import { Workers } from './cluster/workers.ts'
import type { Config } from './config.ts'
import type { WorkerName } from './event.ts'
import { every } from './every.ts'
import { createApp } from './http/app.ts'
import { drain } from './http/drain.ts'
import { listenAll } from './http/listen.ts'
import { Hub } from './hub/hub.ts'
import { labCalls } from './lab/lab.ts'
import type { Log } from './observe/log.ts'
import { openRegistry, registerMetrics } from './observe/metrics.ts'
import { openHistograms, timed, type Observe } from './observe/histograms.ts'
import { kindOf, RepeatedFact } from './observe/repeated-fact.ts'
import { statusReader } from './observe/status.ts'
import { redisIsNewEnough } from './redis-version.ts'
import { openRedis } from './redis.ts'

const pageFolder = fileURLToPath(new URL('../../client/dist', import.meta.url))
const sweepMs = 1000
// The largest write of a replay. A slow reader shows progress between two writes, and not within one.
const pieceBytesMax = 2 ** 16

type Redis = ReturnType<typeof openRedis>

/** A worker that serves. */
export type Worker = {
  /** Ends every stream within about DRAIN_MS, and leaves Redis. Resolves when nothing is open. */
  drain: (signal: string) => Promise<void>
}

/**
 * Wires a worker, and resolves when it serves: it hears the bus, has read the log, and listens. Waits as long as it takes
 * while Redis is away. Rejects with a ConfigError for what will fail again.
 */
export async function startWorker(config: Config, name: WorkerName, log: Log): Promise<Worker> {
  const redis =
    config.redisUrl === undefined
      ? undefined
      : openRedis(config.redisUrl, name.worker, config.publishTimeoutMs, log)
  const newEnough = redis && redisIsNewEnough(redis.commands, log)
  redis?.commands.connect().catch(() => undefined) // retried and reported: see openRedis
  const bus = openBus(config, redis, log)
  const registry = openRegistry(name.worker)
  const observe = openHistograms(registry)
  const hub = openHub(config, bus, observe, log)
  registerMetrics(registry, { hub, bus })
  let draining = false
  const workers = new Workers({
    commands: redis?.commands,
    log,
    status: statusReader(name, bus, hub, () => !draining && bus.ready),
    metrics: () => registry.getMetricsAsJSON(),
  })

  // The memory bus needs no Redis; with an old one its workers only do not know of each other.
  if (config.bus !== 'memory') await newEnough
  await bus.subscribe(timed(hub, bus, observe.written))
  await workers.start()
  const lab = labCalls({
    enabled: config.lab,
    origins: config.corsOrigins,
    listWorkers: async () => (await workers.list()).workers,
    server: name.server,
    port: config.port,
    isOwnProcess,
    endProcess,
    // The JSON report of the last `make scenarios`. null: there is none yet, or Redis is away.
    readReport: async () => (await redis?.commands.get('sse-lab:scenarios').catch(() => null)) ?? null,
    log,
  })
  const isDraining = () => draining
  const app = createApp({ config, name, bus, hub, workers, log, isDraining, pageFolder, lab })
  const { port, bind, socket } = config
  const servers = await listenAll(app, { port, bind, socket, host: name.host })
  if (config.heartbeatMs > 0) beat(config.heartbeatMs, hub, observe)
  every(sweepMs, () => hub.sweep(performance.now()))
  log.info({ bus: bus.name, port, socket }, 'ready')

  return {
    async drain(signal) {
      draining = true
      log.info({ signal, connections: hub.connections, drainMs: config.drainMs }, 'draining')
      await Promise.all([workers.stop(), drain(servers, hub.all(), config.drainMs)])
      await bus.close()
      redis?.commands.disconnect()
      log.info('drained')
    },
  }
}

function openBus(config: Config, redis: Redis | undefined, log: Log): Bus {
  const { logEventsMax, logBytesMax, publishTimeoutMs } = config
  const batchBytesMax = config.bufferedBytesMax / 2
  const bounds = { batchBytesMax, waitingBytesMax: logBytesMax, waitingEventsMax: logEventsMax }
  if (config.bus === 'memory' || redis === undefined) return new MemoryBus(bounds)
  const { commands, listener } = redis
  if (config.bus === 'pubsub') return new PubsubBus({ commands, subscription: listener, bounds, log })
  return new StreamsBus({
    commands,
    reader: listener,
    bounds: { logEventsMax, logBytesMax, batchBytesMax },
    publishTimeoutMs,
    log,
  })
}

function openHub(config: Config, bus: Bus, observe: Observe, log: Log): Hub {
  const dropped = new RepeatedFact(log, { text: 'a stream or an event was dropped', level: 'error' })
  return new Hub({
    log: bus.log,
    tail: { eventsMax: config.logEventsMax, bytesMax: config.logBytesMax },
    pieceBytesMax: Math.min(pieceBytesMax, config.bufferedBytesMax / 2),
    onReplayed: observe.replayed,
    onError: error => dropped.happened({ err: error }, kindOf(error)),
  })
}

function beat(everyMs: number, hub: Hub, observe: Observe): void {
  let due = performance.now() + everyMs
  every(everyMs, async () => {
    const wasDue = due
    due = performance.now() + everyMs
    await hub.heartbeat()
    observe.heartbeat(Math.max(0, performance.now() - wasDue) / 1000)
  })
}
