import { createServer } from 'node:http'
import type { Server, Socket } from 'node:net'
import { listen } from '@sse-lab/testkit/listen.ts'
import { diagnose } from '../checks/all.ts'
import type { Finding } from '../checks/check.ts'
import { observe } from '../observe/observe.ts'
import { readOptions, type Options } from '../options.ts'
import { naive, type Naive } from './naive.ts'

/** A server that is closed with all its streams at the end of the test. */
export type Running = AsyncDisposable & { port: number; url: string }

/** Starts a naive server with these faults on a free port. */
export async function startNaive(faults: Naive): Promise<Running> {
  const { app, stop } = naive(faults)
  return await start(createServer(app), stop)
}

export async function start(server: Server, stop: () => void = () => undefined): Promise<Running> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  const port = await listen(server)
  return {
    port,
    url: `http://127.0.0.1:${port}/events`,
    [Symbol.asyncDispose]: async () => {
      stop()
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** The doctor's findings, by a comparison that is shorter than a person's: 3 s. */
export async function examine(args: string[], changes: Partial<Options> = {}): Promise<Finding[]> {
  const options = readOptions(args, () => '')
  return diagnose(await observe({ ...options, windowMs: 3000, quietMs: 0, ...changes }, () => undefined))
}

/** What is broken, by its check. */
export function broken(findings: Finding[]): string[] {
  return findings.filter(({ verdict }) => verdict === 'BROKEN').map(({ check }) => check)
}

/** The one finding of this check that is broken or a risk. */
export function red(findings: Finding[], check: string): Finding | undefined {
  return findings.find(finding => finding.check === check && ['BROKEN', 'RISK'].includes(finding.verdict))
}
