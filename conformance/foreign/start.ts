import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { until } from '@sse-lab/testkit/wait.ts'

// Their dependencies are none of ours: they are installed where the image has them, or here.
const folder = process.env.FOREIGN ?? fileURLToPath(new URL('.', import.meta.url))

/** A server of somebody else's in a process of its own. It prints its port when it listens. */
export async function start(command: readonly [string, ...string[]]): Promise<{ base: URL } & Disposable> {
  const [file, ...args] = command
  const child = spawn(file, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let complained = ''
  child.stdout.on('data', data => (said += String(data)))
  child.stderr.on('data', data => (complained += String(data)))
  // nchan has processes of its own, which it ends when it is asked.
  const stop = () => void child.kill('SIGTERM')
  try {
    const port = await until(
      `the port of ${command.join(' ')}`,
      30_000,
      () => /^\d+$/m.exec(said)?.[0],
      () => complained.slice(-500),
    )
    // Some print it before they listen.
    await until(`a connection to ${command.join(' ')}`, 10_000, () => accepts(Number(port)))
    return { base: new URL(`http://127.0.0.1:${port}`), [Symbol.dispose]: stop }
  } catch (error) {
    stop()
    throw error
  }
}

async function accepts(port: number): Promise<true> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  socket.destroy()
  return true
}
