import { existsSync } from 'node:fs'
import type { RequestListener, Server } from 'node:http'
import type { ListenOptions } from 'node:net'
import { leadSocketHere, ownSocketFile } from '../cluster/socket-file.ts'
import { ConfigError } from '../config.ts'
import { isStreamCall } from './app.ts'
import type { Listener } from './bare-response.ts'
import { openServer } from './http-server.ts'

export type Addresses = { port: number; bind: string; socket: string | undefined; host: string }

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
  return where.socket === undefined
    ? [server]
    : [server, await listenOnFile(where.socket, where.host, listener)]
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

async function listenOnFile(path: string, host: string, listener: Listener): Promise<Server> {
  const server = openServer(listener, { leaving: { isStream: isStreamCall, listener } })
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

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}
