import { connect, createServer, type Socket } from 'node:net'

/**
 * Lets the tests' own machine answer at a port of localhost for another host, as the host's port does for people. A
 * browser takes localhost, and every name below it, for the machine that it runs on.
 */
export async function openPassage(
  port: number,
  to: { host: string; port: number },
): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server = createServer(near => {
    const far = connect(to)
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      // What is cut on one side is cut on the other.
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroySoon()
      })
    }
  })
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(port, '127.0.0.1', listening)
  })
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise(closed => {
        server.close(closed)
      })
    },
  }
}
