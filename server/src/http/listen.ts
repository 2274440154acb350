import type { RequestListener, Server } from 'node:http'
import type { ListenOptions } from 'node:net'
import { ownSocketFile, SocketLinks } from '../cluster/socket-files.ts'
import { ConfigError } from '../config.ts'
import type { Log } from '../observe/facts.ts'
import { isStreamCall } from './app.ts'
import type { Listener } from './bare-response.ts'
import { openServer } from './http-server.ts'

export type Addresses = { port: number; bind: string; socket: string | undefined; host: string; log: Log }

/** Listens on ADMIN_PORT. Rejects with a ConfigError, or as node:net does. */
export async function listenAdmin(listener: RequestListener, port: number, bind: string): Promise<Server> {
  return await listenOnPort(openServer(listener), port, bind, 'ADMIN_PORT')
}

/** Listens on the port, and on the socket file if there is one. Rejects with a ConfigError, or as node:net does. */
export async function listenAll(listener: Listener, where: Addresses): Promise<Server[]> {
  // Probes on idle connections find peers that went away without a word, even on streams without a heartbeat.
  const server = openServer(listener, {
    leaving: { isStream: isStreamCall, listener },
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  })
  await listenOnPort(server, where.port, where.bind, 'PORT')
  return where.socket === undefined ? [server] : [server, await listenOnFile(where.socket, where, listener)]
}

async function listenOnPort(server: Server, port: number, host: string, knob: string): Promise<Server> {
  await listen(server, { port, host }).catch((error: unknown) => {
    if (!isTaken(error)) throw error
    throw new ConfigError(
      `${knob} ${port} is taken: stop what listens there, or choose another with ${knob}=…`,
    )
  })
  return server
}

function listen(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // The backlog must hold a whole herd that comes back at once; the kernel caps it at net.core.somaxconn.
    server.listen({ ...where, backlog: 4096 }, resolve)
  })
}

async function listenOnFile(
  path: string,
  { host, log }: Pick<Addresses, 'host' | 'log'>,
  listener: Listener,
): Promise<Server> {
  const server = openServer(listener, { leaving: { isStream: isStreamCall, listener } })
  const own = ownSocketFile(path, host)
  const links = new SocketLinks(path, host, log)
  try {
    await listen(server, { path: own })
    await links.start()
  } catch (error) {
    throw new ConfigError(
      `SOCKET: cannot listen on ${own}: its folder must exist and let this user write, and nothing of that name may be there (${String(error)})`,
    )
  }
  server.once('close', () => links.stop())
  return server
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
