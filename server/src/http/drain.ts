import { setTimeout as pause } from 'node:timers/promises'
import type { Connection } from '../hub/hub.ts'

const waveMs = 50
// Clients whose streams end come back at once. A worker ends at least 200 streams a second; if that would take more than 80 % of
// drainMs, it spreads them evenly over that time.
const endsPerSecondMin = 200

/** A server of node:http or node:https, or of node:http2, which cannot cut what is open. */
export type Closable = { close(done: () => void): unknown; closeAllConnections?(): void }

export type DrainParts = {
  servers: readonly Closable[]
  connections: readonly Connection[]
  /** How many connections are open now. */
  open: () => number
  drainMs: number
}

/**
 * Ends a worker's streams in small random waves and closes its servers, within about `drainMs`. What is still open
 * after that is cut. Resolves when nothing is open.
 */
export async function drain({ servers, connections, open, drainMs }: DrainParts): Promise<void> {
  const closed = Promise.all(servers.map(server => new Promise<void>(resolve => server.close(resolve))))
  // A fifth of the time is left for what was written last to get out.
  const spreadMs = Math.min(drainMs * 0.8, (connections.length / endsPerSecondMin) * 1000)
  const waves = Math.max(1, Math.ceil(spreadMs / waveMs))
  const left = shuffled(connections)
  for (let wave = waves; wave > 0; wave -= 1) {
    for (const connection of left.splice(0, Math.ceil(left.length / wave))) connection.end('drain')
    if (wave > 1) await pause(waveMs)
  }
  // Not closeIdleConnections(): to Node a response is idle as soon as end() was called, and what it had not yet sent
  // would be lost. Streams carry `Connection: close`, so each connection goes when its last byte is out.
  const restMs = Math.max(drainMs - spreadMs, 100)
  await Promise.race([servers.length > 0 ? closed : allGone(open), pause(restMs, undefined, { ref: false })])
  for (const connection of connections) connection.close('drain')
  for (const server of servers) server.closeAllConnections?.()
  if (servers.every(server => server.closeAllConnections !== undefined)) await closed
}

// The servers are the application's, and stay open: then the streams alone are waited for.
async function allGone(open: () => number): Promise<void> {
  while (open() > 0) await pause(20)
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map(item => ({ item, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item)
}
