import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { ListedWorker } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import type { Fault } from './fault.ts'
import { logOf, losingAWorker, withItsStreams } from './losing-a-worker.ts'
import type { Server, Side } from './side.ts'

/** Sends a worker into its drain, and kills it there: when `moment` says so, and so many milliseconds later. */
async function killDraining(
  { a, headers }: Side,
  { pid }: ListedWorker,
  delayMs: number,
  moment: () => Promise<unknown>,
): Promise<void> {
  const unfinished = Array.from({ length: 12 }, () => halfARequest(a, headers))
  await Promise.all(unfinished.map(async socket => await once(socket, 'connect')))
  await a.exec('kill', '-INT', String(pid))
  await moment()
  await a.exec('sh', '-c', `sleep ${delayMs / 1000}; kill -KILL ${pid}`)
  for (const socket of unfinished) socket.destroy()
  // What it has logged comes over pm2 and the engine.
  const lines = await until('its log to say that it drained its streams', 5000, async () => {
    const soFar = await logOf(a, pid)
    return soFar.includes('"draining"') && soFar
  })
  if (lines.includes('"drained"')) throw new Error(`it was not in its drain any more:\n${lines}`)
}

export const killedAsItDrains: Fault = {
  name: 'SIGKILL a worker as its drain begins',
  ...withItsStreams,
  hits: ['workers'],
  async begin(scene) {
    const delayMs = scene.random.integer(0, 20)
    return await losingAWorker(scene, async (side, victim) => {
      const before = side.clientsOn(victim).length
      await killDraining(side, victim, delayMs, async () =>
        until('the first of its streams to end', 5000, () => side.clientsOn(victim).length < before),
      )
    })
  },
}

export const killedInItsDrain: Fault = {
  name: 'SIGKILL a worker in the middle of its drain',
  ...withItsStreams,
  hits: ['workers'],
  async begin(scene) {
    const delayMs = scene.random.integer(0, 300)
    return await losingAWorker(scene, async (side, victim) => {
      await killDraining(side, victim, delayMs, async () =>
        until('its streams to end', 5000, () => side.clientsOn(victim).length === 0),
      )
    })
  },
}

// A drain lasts as long as a request is unfinished, at most DRAIN_MS. The workers of a server take connections in turn,
// so a few of these reach every one.
function halfARequest({ url }: Server, headers: Record<string, string>): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  const all = { Host: 'half', 'Content-Type': 'application/json', 'Content-Length': '99', ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`POST /events HTTP/1.1\r\n${lines.join('')}\r\n{`)
  return socket
}
