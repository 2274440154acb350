import cluster from 'node:cluster'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { RequestListener, Server } from 'node:http'
import type { ListenOptions } from 'node:net'
import { hostname } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { createApp } from './http/app.ts'
import type { Bus } from './bus/bus.ts'
import { MemoryBus } from './bus/memory.ts'
import { PubsubBus } from './bus/pubsub.ts'
import { StreamsBus } from './bus/streams/streams.ts'
import { ConfigError, readConfig, type Config } from './config.ts'
import { drain } from './http/drain.ts'
import type { WorkerName } from './event.ts'
import { openServer } from './http/http-server.ts'
import { Hub } from './hub/hub.ts'
import { labCalls } from './lab/lab.ts'
import { openLog, takeConsole, type Log } from './observe/log.ts'
import { loopProbeMs, openMetrics, timed } from './observe/metrics.ts'
import { endProcess, isOwnProcess } from './cluster/processes.ts'
import { redisIsNewEnough } from './redis-version.ts'
import { openRedis } from './redis.ts'
import { kindOf, RepeatedFact } from './observe/repeated-fact.ts'
import { createMask } from './observe/secrets.ts'
import { leadSocketHere, ownSocketFile } from './cluster/socket-file.ts'
import { Workers } from './cluster/workers.ts'

// sysexits.h: a start that fails for this will fail again. ecosystem.config.cjs tells pm2 not to repeat it.
const exitConfig = 78
const pageFolder = fileURLToPath(new URL('../../client/dist', import.meta.url))
const sweepMs = 1000
// The largest write of a replay. A slow reader shows progress between two writes, and not within one.
const pieceBytesMax = 2 ** 16

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const name = workerName(config.serverId)
  const log = openLog(config, name)
  takeConsole(log)
  // In a pm2 cluster worker an unhandled rejection is only logged, and a worker that serves nothing stays "online". Node
  // itself would print all that an error carries, as the arguments of a command.
  for (const kind of ['unhandledRejection', 'uncaughtException'])
    process.on(kind, (error: unknown) => {
      log.fatal({ err: error }, `${kind}: the worker ends`)
      process.exit(1)
    })

  const redis =
    config.redisUrl === undefined
      ? undefined
      : openRedis(config.redisUrl, name.worker, config.publishTimeoutMs, log)
  const newEnough = redis && redisIsNewEnough(redis.commands, log)
  redis?.commands.connect().catch(() => undefined) // retried and reported: see openRedis
  const bus = openBus(config, redis, log)
  const dropped = new RepeatedFact(log, { text: 'a stream or an event was dropped', level: 'error' })
  const hub = new Hub({
    log: bus.log,
    tail: { eventsMax: config.logEventsMax, bytesMax: config.logBytesMax },
    pieceBytesMax: Math.min(pieceBytesMax, config.bufferedBytesMax / 2),
    onReplayed: events => observe.replayed(events),
    onError: error => dropped.happened({ err: error }, kindOf(error)),
  })
  const { registry, observe } = openMetrics({ worker: name.worker, hub, bus })
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
  const app = createApp({
    config,
    name,
    bus,
    hub,
    workers,
    log,
    isDraining: () => draining,
    pageFolder,
    lab: labCalls({
      enabled: config.lab,
      origins: config.corsOrigins,
      listWorkers: async () => (await workers.list()).workers,
      server: name.server,
      port: config.port,
      isOwnProcess,
      endProcess,
      // Left there by `make scenarios`: see the Makefile.
      readReport: async () => (await redis?.commands.get('sse-lab:scenarios').catch(() => null)) ?? null,
      log,
    }),
  })
  // Probes on idle connections find peers that went away without a word, even on streams without a heartbeat.
  const server = openServer(app, { keepAlive: true, keepAliveInitialDelay: 30_000 })
  await listen(server, { port: config.port, host: config.bind })
  const servers = [server]
  if (config.socket !== undefined) servers.push(await listenOnFile(config.socket, name.host, app))
  if (config.heartbeatMs > 0) {
    let due = performance.now() + config.heartbeatMs
    every(config.heartbeatMs, async () => {
      const wasDue = due
      due = performance.now() + config.heartbeatMs
      await hub.heartbeat()
      observe.heartbeat(Math.max(0, performance.now() - wasDue) / 1000)
    })
  }
  every(sweepMs, () => hub.sweep(performance.now()))
  log.info({ bus: bus.name, port: config.port, socket: config.socket }, 'ready')
  process.send?.('ready')

  const leave = async (signal: string): Promise<void> => {
    if (draining) return
    draining = true
    log.info({ signal, connections: hub.connections, drainMs: config.drainMs }, 'draining')
    await Promise.all([workers.stop(), drain(servers, hub.all(), config.drainMs)])
    await bus.close()
    redis?.commands.disconnect()
    log.info('drained')
    await leavePrimary()
    process.exit(0)
  }
  // pm2 sends SIGINT; a terminal does so too; everything else sends SIGTERM.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void leave(signal))
}

function workerName(server: string): WorkerName {
  const instance = Number(process.env.NODE_APP_INSTANCE ?? 0)
  const host = hostname()
  return { worker: `${host}/${server}/${instance}`, instance, pid: process.pid, host, server }
}

function openBus(config: Config, redis: ReturnType<typeof openRedis> | undefined, log: Log): Bus {
  const bounds = {
    batchBytesMax: config.bufferedBytesMax / 2,
    waitingBytesMax: config.logBytesMax,
    waitingEventsMax: config.logEventsMax,
  }
  if (config.bus === 'memory' || redis === undefined) return new MemoryBus(bounds)
  const { commands, listener } = redis
  return config.bus === 'pubsub'
    ? new PubsubBus({ commands, subscription: listener, bounds, log })
    : new StreamsBus({
        commands,
        reader: listener,
        bounds: {
          logEventsMax: config.logEventsMax,
          logBytesMax: config.logBytesMax,
          batchBytesMax: bounds.batchBytesMax,
        },
        publishTimeoutMs: config.publishTimeoutMs,
        log,
      })
}

function statusReader(name: WorkerName, bus: Bus, hub: Hub, isReady: () => boolean) {
  const delay = monitorEventLoopDelay({ resolution: loopProbeMs })
  delay.enable()
  // The 99th percentile of the last minute; the histogram holds the whole time between two probes.
  setInterval(() => delay.reset(), 60_000).unref()
  return () => ({
    ...name,
    bus: bus.name,
    ready: isReady(),
    connections: hub.connections,
    delivered: hub.stats.delivered,
    published: hub.stats.published,
    busLagMs: bus.lagMs,
    eventLoopDelayMs:
      delay.count === 0 ? 0 : Math.max(0, Math.round(delay.percentile(99) / 1e6 - loopProbeMs)),
    rssBytes: process.memoryUsage.rss(),
  })
}

function listen(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // The backlog must hold a whole herd that comes back at once; the kernel caps it at net.core.somaxconn.
    server.listen({ ...where, backlog: 4096 }, resolve)
  })
}

async function listenOnFile(path: string, host: string, app: RequestListener): Promise<Server> {
  const server = openServer(app)
  const own = ownSocketFile(path, host)
  // Only the container's first worker: one that is started anew, while the container is being replaced, must not take the way
  // back from its successor.
  const isFirst = !existsSync(own)
  try {
    await listen(server, { path: own })
    if (isFirst) await leadSocketHere(path, host)
  } catch (error) {
    throw new ConfigError(
      `SOCKET: cannot listen on ${own}: its folder must exist and let this user write, and nothing of that name may be there (${String(error)})`,
    )
  }
  return server
}

// In a pm2 cluster the primary takes every connection and hands it to a worker. Until it has heard that we are gone, it may
// hand us one more, which would be lost with us: its call would never be answered. Node's own farewell waits for its word.
async function leavePrimary(): Promise<void> {
  const self = cluster.worker
  if (!self?.isConnected()) return
  const left = once(self, 'disconnect')
  self.disconnect()
  await left
}

// Never two at a time: a slow round delays the next one instead of piling up behind it.
function every(ms: number, act: () => Promise<void> | void): void {
  let busy = false
  setInterval(() => {
    if (busy) return
    busy = true
    void Promise.resolve(act()).then(() => (busy = false))
  }, ms)
}

main().catch((error: unknown) => {
  const port = process.env.PORT || '3000'
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  const mask = createMask(process.env.REDIS_URL)
  process.stderr.write(
    `${taken ? `PORT ${port} is taken: stop what listens there, or choose another with PORT=…` : error instanceof ConfigError ? error.message : mask(String(error instanceof Error ? error.stack : error))}\n`,
  )
  process.exit(error instanceof ConfigError || taken ? exitConfig : 1)
})
