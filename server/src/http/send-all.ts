import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Connection } from '../hub/hub.ts'
import type { WriteAll } from '../hub/broadcast.ts'
import type { Log } from '../observe/facts.ts'
import { chunkOf, HttpConnection } from './connection.ts'

/**
 * The native road, for a batch and many sockets: one call of server/native/send-all.c instead of one write() of Node for each,
 * which is a third of what a delivery costs.
 *
 * A descriptor is a number that the kernel gives to the next socket the moment that this one is closed: a number that was kept
 * would send one client's events to another. So each is asked for in the turn and right before the call, and nothing keeps it.
 * JavaScript alone closes sockets, and none of it runs in between.
 */
type SendAll = (bytes: Uint8Array, sockets: Int32Array) => void

const builtFile = new URL('../../native/send-all.node', import.meta.url)

/** The native road; undefined, with a warning, where the native part was not built, or for another machine. */
export function openWriteAll(log: Log, file = builtFile): WriteAll | undefined {
  try {
    return writeAllWith(loadSendAll(file))
  } catch (error) {
    log.warn(
      { err: error },
      'native: the native part cannot be loaded, so Node writes (server/native/README.md)',
    )
    return undefined
  }
}

function loadSendAll(file: URL): SendAll {
  const loaded: unknown = createRequire(import.meta.url)(fileURLToPath(file))
  if (typeof loaded === 'object' && loaded !== null && 'sendAll' in loaded && isSendAll(loaded.sendAll)) {
    return loaded.sendAll
  }
  throw new TypeError(`${file.pathname} has no sendAll`)
}

function isSendAll(value: unknown): value is SendAll {
  return typeof value === 'function'
}

/** Writes by the native road to those connections that can take it, and answers the others, which were not written. */
function writeAllWith(sendAll: SendAll): WriteAll {
  return (connections, frames) => {
    const chunk = chunkOf(frames)
    const others: Connection[] = []
    const direct: HttpConnection[] = []
    const sockets = new Int32Array(connections.length)
    for (const connection of connections) {
      const isHttp = connection instanceof HttpConnection
      const socket = isHttp ? connection.descriptor : undefined
      if (isHttp && socket !== undefined) sockets[direct.push(connection) - 1] = socket
      else others.push(connection)
    }
    sendAll(chunk, sockets.subarray(0, direct.length))
    direct.forEach((connection, index) => {
      const sent = sockets[index] ?? -1
      // Its buffer is full, or it is broken: Node's own write waits for the one, and finds out the other.
      if (sent < 0) others.push(connection)
      else if (sent < chunk.length) connection.writeRest(chunk.subarray(sent))
    })
    return others
  }
}
