import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '@sse-lab/testkit/listen.ts'
import { until } from '@sse-lab/testkit/wait.ts'

const run = promisify(execFile)

/** A `redis-server` of this machine, on loopback, with a folder of its own. It has the lab's settings: each write is synced. */
export class RedisProcess implements AsyncDisposable {
  readonly port: number
  readonly #folder: string
  readonly #words: string[]
  #process: ChildProcess | undefined

  private constructor(port: number, folder: string, words: string[]) {
    this.port = port
    this.#folder = folder
    this.#words = words
  }

  static async start(...words: string[]): Promise<RedisProcess> {
    const redis = new RedisProcess(await freePort(), await mkdtemp(join(tmpdir(), 'redis-')), words)
    await redis.start()
    return redis
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  get url(): string {
    return `redis://${this.address}`
  }

  /** Starts it, also after a kill, with the files that it has left. Resolves when it answers. */
  async start(): Promise<void> {
    const always = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.#folder]
    const disk = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always']
    // A replica of a small log should not wait for others to sync with it.
    const replica = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1']
    this.#process = spawn('redis-server', [...this.#words, ...always, ...disk, ...replica], {
      stdio: 'ignore',
    })
    await until(`Redis on ${this.port}`, 10_000, async () => (await this.cli('ping')).startsWith('PONG'))
  }

  async cli(...words: string[]): Promise<string> {
    const { stdout } = await run('redis-cli', ['-p', `${this.port}`, ...words], { timeout: 10_000 })
    return stdout
  }

  /** One field of INFO. */
  async info(field: string): Promise<string> {
    return new RegExp(`^${field}:(.*)\r?$`, 'm').exec(await this.cli('info', 'all'))?.[1]?.trim() ?? ''
  }

  /** SIGSTOP: it stands still, its connections open. SIGCONT: it goes on. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(name)
  }

  async kill(): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
