import cluster from 'node:cluster'
import { once } from 'node:events'
import { hostname } from 'node:os'
import type { WorkerName } from '../event.ts'

/** Who this process is. `server` tells servers of one host name apart; pm2 numbers its workers in NODE_APP_INSTANCE. */
export function nameWorker(server: string, instanceText = '0'): WorkerName {
  const instance = Number(instanceText)
  const host = hostname()
  return { worker: `${host}/${server}/${instance}`, instance, pid: process.pid, host, server }
}

/** Tells pm2 that this worker serves: with wait_ready, a reload ends the old one only then. Nothing without pm2. */
export function tellReady(): void {
  process.send?.('ready')
}

/**
 * Leaves pm2's cluster. Its primary takes every connection and hands it to a worker. Until it has heard that this one is gone,
 * it may hand it one more, which would be lost: its call would never be answered. Node's own farewell waits for its word.
 */
export async function leavePrimary(): Promise<void> {
  const self = cluster.worker
  if (!self?.isConnected()) return
  const left = once(self, 'disconnect')
  self.disconnect()
  await left
}
