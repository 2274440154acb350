import type { IncomingMessage } from 'node:http'
import { fileURLToPath } from 'node:url'
import { JwtAccess } from './access/jwt-access.ts'
import { endContainer, endProcess, isOwnProcess } from './cluster/processes.ts'
import { Workers } from './cluster/workers.ts'
import type { Config } from './config.ts'
import type { WorkerName } from './event.ts'
import { createApp } from './http/app.ts'
import type { Listener } from './http/bare-response.ts'
import { onlyOwnCallers } from './http/guard.ts'
import { listenAdmin, listenAll } from './http/listen.ts'
import { createAdminApp, operatorCalls } from './http/operators.ts'
import type { Response } from './http/response.ts'
import { limitNames } from './limits.ts'
import { labCalls } from './lab/lab.ts'
import type { Log } from './observe/facts.ts'
import { collectProcessMetrics } from './observe/process-metrics.ts'
import { statusReader } from './observe/status.ts'
import { createSse, type Fleet, type Sse, type SseOptions } from './sse.ts'

const docsFolder = fileURLToPath(new URL('../../docs/dist', import.meta.url))
const pageFolder = fileURLToPath(new URL('../../client/dist', import.meta.url))

/** A worker that serves. */
export type Worker = {
  /** Ends every stream within about DRAIN_MS, and leaves Redis. Resolves when nothing is open. */
  drain: () => Promise<void>
}

/**
 * Wires a worker, and resolves when it serves: it hears the bus, has read the log, and listens. Waits as long as it takes
 * while Redis is away. Rejects with a ConfigError for what will fail again.
 *
 * Streams and publishes are the package's (sse.ts), as any application has them; what is wired here is the lab's own: its page,
 * its list of workers, its port.
 */
export async function startWorker(config: Config, name: WorkerName, log: Log): Promise<Worker> {
  const access =
    config.auth === 'jwt'
      ? new JwtAccess({ issuers: config.authIssuers ?? [], origins: config.corsOrigins, log })
      : undefined
  let fleet: Fleet | undefined
  const sse = openSse(config, name, { log, authorize: access?.authorize, fleet: () => fleet })
  collectProcessMetrics(sse.metrics)
  const workers = new Workers({
    commands: sse.redis,
    log,
    onFleet: known => (fleet = known),
    status: statusReader(name, sse),
    metrics: () => sse.metrics.getMetricsAsJSON(),
  })

  await sse.untilReady()
  await workers.start()
  if (sse.redis !== undefined) await access?.start(sse.redis)
  const lab = labCalls({
    enabled: config.lab,
    origins: config.corsOrigins,
    bus: config.bus,
    brokenTimeoutMs: config.brokenTimeout,
    restarts: config.containerRestarts,
    listWorkers: async () => (await workers.list()).workers,
    server: name.server,
    port: config.port,
    isOwnProcess,
    endProcess,
    endContainer,
    // The JSON report of the last `make scenarios`. null: there is none yet, or Redis is away.
    readReport: async () => (await sse.redis?.get('sse-lab:scenarios').catch(() => null)) ?? null,
    log,
  })
  const { port, bind, socket, corsOrigins, adminPort } = config
  const operators = operatorCalls({ workers, corsOrigins, lab, revocations: access?.revocations() })
  const app = createApp({
    sse,
    log,
    corsOrigins,
    pageFolder,
    docsFolder,
    tickets: access?.tickets(),
    operators: adminPort === undefined ? operators : undefined,
  })
  const servers = await listenAll(guarded(app, config, name), { port, bind, socket, host: name.host, log })
  if (adminPort !== undefined) {
    const admin = onlyOwn(createAdminApp({ sse, log, operators }), config, name)
    servers.push(await listenAdmin(admin, adminPort, config.adminBind))
  }
  log.info({ bus: config.bus, port, socket }, 'ready')

  return {
    async drain() {
      const drained = sse.drain(...servers)
      await workers.stop()
      await drained
    },
  }
}

// Where nobody has to say who he is, it matters whose page calls; and where the server's names are known, they are all it
// answers to. OPEN=1 has said that anybody may call.
function guarded(app: Listener, config: Config, name: WorkerName): Listener {
  const { auth, open, hosts } = config
  return !open && (auth === 'off' || hosts.length > 0) ? onlyOwn(app, config, name) : app
}

function onlyOwn<Kind extends Response>(
  app: (request: IncomingMessage, response: Kind) => void,
  config: Config,
  name: WorkerName,
): (request: IncomingMessage, response: Kind) => void {
  const hosts = [...config.hosts, name.host.toLowerCase()]
  return onlyOwnCallers(app, { hosts, origins: config.corsOrigins })
}

// An environment has more than the package: only what both know goes on.
function openSse(
  config: Config,
  name: WorkerName,
  more: Pick<SseOptions, 'log' | 'authorize' | 'fleet'>,
): Sse {
  const numbers = limitNames.map(limit => [limit, config[limit]])
  return createSse({
    redis: config.redisUrl,
    redisMode: config.redisMode,
    redisMaster: config.redisMaster,
    bus: config.bus,
    name: name.worker,
    instance: name.instance,
    corsOrigins: config.corsOrigins,
    native: config.native,
    ...more,
    ...Object.fromEntries(numbers),
  })
}
