import type { PageFiles } from './page-files.ts'
import { ScriptedServer } from './scripted-server.ts'

export function worker(name: string, bus: string): Record<string, unknown> {
  const [host = '', instance = ''] = name.split('/')
  const figures = {
    connections: 1,
    delivered: 5,
    published: 3,
    busLagMs: null,
    eventLoopDelayMs: 1.26,
    rssBytes: 64 * 1_048_576,
  }
  return { worker: name, instance: Number(instance), pid: 27, host, bus, ready: true, ...figures }
}

/**
 * Two sides that know each other, each with two workers. Their names are not those of a lab on this machine, so each has five
 * streams. Both deliver everything until they are told otherwise.
 */
export async function startSides(
  files: PageFiles,
  lab: { lab?: boolean; brokenTimeoutMs?: number; restarts?: boolean } = {},
): Promise<AsyncDisposable & { fixed: ScriptedServer; broken: ScriptedServer }> {
  const [fixed, broken] = [await ScriptedServer.start(files), await ScriptedServer.start(files)]
  fixed.hello = { worker: 'a/0', instance: 0, pid: 27, bus: 'streams', heartbeatMs: 0 }
  broken.hello = { worker: 'b/0', instance: 0, pid: 27, bus: 'memory', heartbeatMs: 0 }
  const names = ['a/0', 'a/1', 'b/0', 'b/1'].map(name =>
    worker(name, name.startsWith('a') ? 'streams' : 'memory'),
  )
  for (const side of [fixed, broken]) {
    side.workers = { workers: names }
    side.lab = { lab: true, origins: [fixed.origin, broken.origin], report: false, ...lab }
  }
  return {
    fixed,
    broken,
    async [Symbol.asyncDispose]() {
      await Promise.all([fixed[Symbol.asyncDispose](), broken[Symbol.asyncDispose]()])
    },
  }
}

/** A lab on this machine that the page reaches by both of its names, so that it may call names below localhost. */
export async function startLocalLab(files: PageFiles): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(files)
  server.workers = { workers: [worker('lab/0', 'streams')] }
  const otherName = server.origin.replace('127.0.0.1', 'localhost')
  server.lab = { lab: true, origins: [server.origin, otherName], report: false }
  return server
}
