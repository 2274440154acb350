import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { call } from './publish.ts'
import { until } from './wait.ts'

const control = 'http://127.0.0.1:8474'

/** Toxiproxy in this container: a TCP proxy whose links can be hurt. https://github.com/Shopify/toxiproxy */
export class Toxiproxy implements AsyncDisposable {
  readonly #process: ChildProcess

  private constructor(process: ChildProcess) {
    this.#process = process
  }

  static async start(): Promise<Toxiproxy> {
    const started = spawn('toxiproxy', [], { stdio: 'ignore', env: { ...process.env, LOG_LEVEL: 'error' } })
    started.on('error', () => undefined) // not there: the version is never answered
    await until('Toxiproxy to answer', 5000, async () => {
      return (await call('GET', `${control}/version`)).status === 200
    })
    return new Toxiproxy(started)
  }

  /** Opens a link: whoever connects to `port` of this container reaches `upstream`. */
  async open(name: string, port: number, upstream: string): Promise<Link> {
    await ask('POST', '/proxies', { name, listen: `0.0.0.0:${port}`, upstream, enabled: true })
    return new Link(name, port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill()
    await once(this.#process, 'exit')
  }
}

/** One link. Whatever was done to it, mend() undoes. */
export class Link {
  readonly port: number
  readonly #path: string

  constructor(name: string, port: number) {
    this.port = port
    this.#path = `/proxies/${name}`
  }

  /** Closes its connections, and refuses new ones. */
  async cut(): Promise<void> {
    await ask('POST', this.#path, { enabled: false })
  }

  /** Ends its connections with a TCP reset, the new ones too. */
  async reset(): Promise<void> {
    await this.#poison('reset_peer', 'downstream', { timeout: 0 })
    await this.#poison('reset_peer', 'upstream', { timeout: 0 })
  }

  /** Delays every packet, each way. */
  async slow(delayMs: number, jitterMs: number): Promise<void> {
    for (const stream of ['upstream', 'downstream'] as const)
      await this.#poison('latency', stream, { latency: delayMs, jitter: jitterMs })
  }

  /** Lets so many kilobytes pass in a second, towards whoever connected. */
  async narrow(kilobytesPerSecond: number): Promise<void> {
    await this.#poison('bandwidth', 'downstream', { rate: kilobytesPerSecond })
  }

  async mend(): Promise<void> {
    const { body } = await ask('GET', `${this.#path}/toxics`)
    const toxics: unknown = JSON.parse(body)
    for (const toxic of Array.isArray(toxics) ? toxics : [])
      await ask('DELETE', `${this.#path}/toxics/${String(toxic.name)}`)
    await ask('POST', this.#path, { enabled: true })
  }

  async #poison(type: string, stream: 'upstream' | 'downstream', attributes: object): Promise<void> {
    await ask('POST', `${this.#path}/toxics`, { name: `${type}-${stream}`, type, stream, attributes })
  }
}

async function ask(method: string, path: string, body?: object) {
  const answer = await call(method, control + path, body === undefined ? {} : { body: JSON.stringify(body) })
  if (answer.status >= 300)
    throw new Error(`Toxiproxy: ${method} ${path} got ${answer.status} ${answer.body}`)
  return answer
}
