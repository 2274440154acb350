import { randomUUID } from 'node:crypto'
import { post } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { docker, listWorkers, readWorkers, type ListedWorker } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

const clientCount = 8
const workerCount = 2

/** A server container of two workers. */
export class Server {
  readonly id: string
  readonly host: string
  /** Past nginx. */
  readonly url: string
  /** Where it lists its workers: the same, unless it has a port for operators. */
  readonly operatorsUrl: string

  constructor({ id, url, operatorsUrl = url }: { id: string; url: string; operatorsUrl?: string }) {
    this.id = id
    this.host = id.slice(0, 12)
    this.url = url
    this.operatorsUrl = operatorsUrl
  }

  async exec(...words: string[]): Promise<string> {
    return (await docker('exec', this.id, ...words)).trim()
  }

  /** Sends a signal to a process in the container. */
  async signal(name: string, pid: number): Promise<void> {
    await this.exec('kill', `-${name}`, String(pid))
  }

  /** The processes of its workers, ready or not. */
  async pids(): Promise<number[]> {
    return (await this.exec('pgrep', '-P', '1')).split('\n').map(Number)
  }

  /** Its workers, as they are: each listed one is alive and ready, and none is missing. */
  async workers(): Promise<ListedWorker[]> {
    return await until(`both workers of ${this.url} to be ready`, 20_000, async () => {
      const listed = (await listWorkers(this.operatorsUrl)).filter(
        ({ host, ready }) => host === this.host && ready,
      )
      // A line in the list outlives its worker by up to 3 s, so the process list has the last word.
      const alive = await this.pids()
      const same = alive.length === workerCount && listed.every(({ pid }) => alive.includes(pid))
      return same && listed.length === workerCount ? listed : undefined
    })
  }

  /** Resolves when each of its workers says that it does not reach Redis. */
  async isCutOff(): Promise<void> {
    const cutOff = new Set<number>()
    await until(`both workers of ${this.url} to miss Redis`, 5000, async () => {
      const { workers, partial } = await readWorkers(this.operatorsUrl)
      const [own] = workers
      if (partial && own?.ready === false) cutOff.add(own.instance)
      return cutOff.size === workerCount
    })
  }
}

export type SideParts = {
  name: string
  bus: string
  base: string
  proxy: string
  a: Server
  b: Server
  /** Of each call to it, as a token is. */
  headers?: Record<string, string>
}

/** One of the two buses under the same faults: two server containers behind an nginx of their own, and clients. */
export class Side {
  readonly name: string
  readonly bus: string
  /** Through nginx. */
  readonly base: string
  /** The container of nginx. */
  readonly proxy: string
  readonly a: Server
  readonly b: Server
  readonly headers: Record<string, string>
  /** Of the present clients. */
  topic = ''
  clients: TestStream[] = []

  constructor({ name, bus, base, proxy, a, b, headers = {} }: SideParts) {
    this.name = name
    this.bus = bus
    this.base = base
    this.proxy = proxy
    this.a = a
    this.b = b
    this.headers = headers
  }

  /** Opens clients through nginx until each worker holds one, and at least eight. */
  async openClients(): Promise<void> {
    this.topic = randomUUID()
    this.clients = []
    const holders = () => new Set(this.clients.map(client => client.worker)).size
    while (this.clients.length < clientCount || holders() < 2 * workerCount) {
      if (this.clients.length > 100) throw new Error(`100 clients are on ${holders()} workers only`)
      const client = TestStream.returning(`${this.base}/events?topic=${this.topic}`, {
        headers: this.headers,
      })
      this.clients.push(client)
      await client.greeted()
    }
  }

  /** The clients that a worker holds, or all workers of a server. */
  clientsOn(holder: ListedWorker | Server): TestStream[] {
    return this.clients.filter(({ worker }) =>
      holder instanceof Server ? worker?.startsWith(`${holder.host}/`) : worker === holder.worker,
    )
  }

  /**
   * Strikes, and resolves when every one of `clients` was cut by it. Where a bus forgets, they stay away until they are
   * released, so that what they miss is known exactly; where it must not, they come back on their own.
   */
  async cutting(clients: TestStream[], strike: () => Promise<unknown>): Promise<void> {
    if (clients.length === 0) throw new Error(`there is no client to cut on ${this.name}`)
    const before = clients.map(client => client.cuts)
    if (this.name === 'pubsub') for (const client of clients) client.hold()
    await strike()
    await until(`${clients.length} clients of ${this.name} to be cut`, 10_000, () =>
      clients.every((client, index) => client.cuts > (before[index] ?? 0) || client.worker === undefined),
    )
  }

  /** Whether a server refuses a publish now, as one does that cannot reach Redis. */
  async refuses(): Promise<boolean> {
    return (await post(this.a.url, { topic: 'refused', data: 'a probe' }, this.headers)).status === 503
  }
}
