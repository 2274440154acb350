import { randomUUID } from 'node:crypto'
import type { StartedTestContainer } from 'testcontainers'
import { post } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { docker, listWorkers, readWorkers, type ListedWorker } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

const readerCount = 8
const workerCount = 2

/** A server container of two workers. */
export class Server {
  readonly id: string
  readonly host: string
  /** Past nginx. */
  readonly url: string

  /** `address`: name and port. */
  constructor(address: string, container: StartedTestContainer) {
    this.id = container.getId()
    this.host = this.id.slice(0, 12)
    this.url = `http://${address}`
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
      const listed = (await listWorkers(this.url)).filter(({ host, ready }) => host === this.host && ready)
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
      const { workers, partial } = await readWorkers(this.url)
      const [own] = workers
      if (partial && own?.ready === false) cutOff.add(own.instance)
      return cutOff.size === workerCount
    })
  }
}

export type SideParts = { name: string; bus: string; base: string; proxy: string; a: Server; b: Server }

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
  /** Of the present clients. */
  topic = ''
  readers: TestStream[] = []

  constructor({ name, bus, base, proxy, a, b }: SideParts) {
    this.name = name
    this.bus = bus
    this.base = base
    this.proxy = proxy
    this.a = a
    this.b = b
  }

  /** Opens clients through nginx until each worker holds one, and at least eight. */
  async openReaders(): Promise<void> {
    this.topic = randomUUID()
    this.readers = []
    const holders = () => new Set(this.readers.map(reader => reader.worker)).size
    while (this.readers.length < readerCount || holders() < 2 * workerCount) {
      if (this.readers.length > 100) throw new Error(`100 clients are on ${holders()} workers only`)
      const reader = TestStream.returning(`${this.base}/events?topic=${this.topic}`)
      this.readers.push(reader)
      await reader.greeted()
    }
  }

  /** The clients that a worker holds, or all workers of a server. */
  readersOn(holder: ListedWorker | Server): TestStream[] {
    return this.readers.filter(({ worker }) =>
      holder instanceof Server ? worker?.startsWith(`${holder.host}/`) : worker === holder.worker,
    )
  }

  /**
   * Strikes, and resolves when every one of `readers` was cut by it. Where a bus forgets, they stay away until they are
   * released, so that what they miss is known exactly; where it must not, they come back on their own.
   */
  async cutting(readers: TestStream[], strike: () => Promise<unknown>): Promise<void> {
    if (readers.length === 0) throw new Error(`there is no client to cut on ${this.name}`)
    const before = readers.map(reader => reader.cuts)
    if (this.name === 'pubsub') for (const reader of readers) reader.hold()
    await strike()
    await until(`${readers.length} clients of ${this.name} to be cut`, 10_000, () =>
      readers.every((reader, index) => reader.cuts > (before[index] ?? 0) || reader.worker === undefined),
    )
  }

  /** Whether a server refuses a publish now, as one does that cannot reach Redis. */
  async refuses(): Promise<boolean> {
    return (await post(this.a.url, { topic: 'refused', data: 'a probe' })).status === 503
  }
}
