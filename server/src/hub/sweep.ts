import type { Connection } from './subscriptions.ts'

/**
 * Lets every connection check its own bounds. Each may be within them, and ten thousand of them still hold more than there is:
 * while all together hold more than `unsentBytesMax`, those furthest behind are dropped, and come back by their last ids.
 */
export function sweep(connections: readonly Connection[], now: number, unsentBytesMax: number): void {
  let unsent = 0
  for (const connection of connections) {
    connection.sweep(now)
    unsent += connection.unsentBytes
  }
  if (unsent > unsentBytesMax) drop(connections, unsent - unsentBytesMax)
}

function drop(connections: readonly Connection[], tooMuch: number): void {
  const fullest = connections
    .map(connection => ({ connection, bytes: connection.unsentBytes }))
    .toSorted((a, b) => b.bytes - a.bytes)
  let left = tooMuch
  for (const { connection, bytes } of fullest) {
    if (left <= 0) return
    connection.close('slow-reader')
    left -= bytes
  }
}
