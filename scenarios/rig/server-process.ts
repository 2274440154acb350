import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { call } from '@sse-lab/testkit/publish.ts'
import { testAlias } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

// Below the ephemeral ports, above what the tests themselves use.
let lastPort = 20_000
/** A port of this container that nothing of a scenario has used. */
export function nextPort(): number {
  lastPort += 1
  return lastPort
}

/** A server of one process in the tests' own container. */
export class ServerProcess implements AsyncDisposable {
  /** From here. */
  readonly url: string
  /** Name and port, for other containers. */
  readonly address: string
  readonly port: number
  /** What it printed on both outputs so far. */
  output = ''
  readonly #process: ChildProcess

  constructor(file: string, port: number, env: Record<string, string>) {
    this.port = port
    this.url = `http://127.0.0.1:${port}`
    this.address = `${testAlias}:${port}`
    this.#process = spawn(process.execPath, [file], {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        PORT: String(port),
        // nginx reaches it from another container.
        BIND: '0.0.0.0',
        OPEN: '1',
        NODE_APP_INSTANCE: String(port),
        // A server that takes tokens has one for operators alone.
        ...(env.AUTH === 'jwt' && { ADMIN_PORT: String(nextPort()) }),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.setEncoding('utf8').on('data', text => (this.output += String(text)))
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Fails, with what it printed, unless it answers in time. */
  async answers(): Promise<void> {
    try {
      await until(`${this.url} to answer`, 20_000, async () => {
        if (this.#process.exitCode !== null) return true
        return (await call('GET', `${this.url}/healthz`, { withinMs: 1000 })).status === 200
      })
      if (this.#process.exitCode !== null) throw new Error(`it ended with ${this.#process.exitCode}`)
    } catch (cause) {
      throw new Error(`the server did not start; it said: ${this.output}`, { cause })
    }
  }

  /** Resolves when it has ended. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill(signal)
    await ended
  }

  /** Memory that the process holds, in bytes. */
  async rssBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill('SIGKILL')
  }
}

/** Starts a server from a file of this repository; resolves when it answers. Another start may ask for the same `PORT`. */
export async function startProcess(file: string, env: Record<string, string>): Promise<ServerProcess> {
  const started = new ServerProcess(file, env.PORT === undefined ? nextPort() : Number(env.PORT), env)
  try {
    await started.answers()
    return started
  } catch (error) {
    await started[Symbol.asyncDispose]()
    throw error
  }
}
