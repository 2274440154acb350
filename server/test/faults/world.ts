import { closeStreams } from '@sse-lab/testkit/stream.ts'
import {
  container,
  docker,
  serverContainers,
  startNginx,
  startServer,
  testAlias,
} from '@sse-lab/testkit/stack.ts'
import { Toxiproxy, type Link } from '@sse-lab/testkit/toxiproxy.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { Server, Side } from './side.ts'

const environment = {
  WORKERS: '2',
  HEARTBEAT_MS: '500',
  DRAIN_MS: '1000',
  RETRY_MS_MIN: '50',
  RETRY_MS_MAX: '250',
}

const redis = container('redis')

// A container that starts again may get the address that another one had, while names still point there. What is for one
// side must not be taken by the other then, and count as acknowledged: each side listens on ports of its own.
const ports = { streams: { server: 3001, nginx: 8091 }, pubsub: { server: 3002, nginx: 8092 } }

/**
 * Both buses beside each other on the stack's Redis, so that one and the same fault strikes both. Every server reaches
 * Redis through Toxiproxy: the `a` of both sides over one link, the `b` of both over another.
 */
export class World implements AsyncDisposable {
  readonly streams: Side
  readonly pubsub: Side
  readonly links: { a: Link; b: Link }
  readonly #stack: AsyncDisposableStack
  /** How many workers hear the channel of the pubsub bus while all is well. */
  subscriptionsOfAll = 0

  private constructor(streams: Side, pubsub: Side, links: { a: Link; b: Link }, stack: AsyncDisposableStack) {
    this.streams = streams
    this.pubsub = pubsub
    this.links = links
    this.#stack = stack
  }

  static async start(): Promise<World> {
    await using stack = new AsyncDisposableStack()
    // The stack's own servers read the same Redis: two cores have enough to do without them.
    const idle = await serverContainers()
    await docker('stop', ...idle)
    stack.defer(async () => void (await docker('start', ...idle)))
    const toxiproxy = stack.use(await Toxiproxy.start())
    const links = {
      a: await toxiproxy.open('a', 6391, 'redis:6379'),
      b: await toxiproxy.open('b', 6392, 'redis:6379'),
    }
    const buses = { streams: process.env.FAULTS_BUS ?? 'streams', pubsub: 'pubsub' }
    const startSide = async (name: 'streams' | 'pubsub') => {
      const alias = `faults-${name}`
      const { server: port, nginx } = ports[name]
      const [a, b] = await Promise.all(
        (['a', 'b'] as const).map(async letter => {
          const started = await startServer([alias, `${alias}-${letter}`], {
            ...environment,
            PORT: String(port),
            BUS: buses[name],
            REDIS_URL: `redis://${testAlias}:${links[letter].port}`,
          })
          stack.use(started)
          return new Server(`${alias}-${letter}:${port}`, started)
        }),
      )
      if (a === undefined || b === undefined) throw new Error('a side has two servers')
      const proxy = stack.use(
        await startNginx(`${alias}-nginx`, toServers(`${alias}:${port}`, nginx), { port: nginx }),
      )
      return new Side({
        name,
        bus: buses[name],
        base: `http://${alias}-nginx:${nginx}`,
        proxy: proxy.getId(),
        a,
        b,
      })
    }
    const [streams, pubsub] = await Promise.all([startSide('streams'), startSide('pubsub')])
    const world = new World(streams, pubsub, links, stack.move())
    await world.#workersReady()
    world.subscriptionsOfAll = await world.subscriptions()
    return world
  }

  /** Resolves when every worker of both sides is ready again, and hears the bus. */
  async ready(): Promise<void> {
    await this.#workersReady()
    await until(
      'every worker to hear the pubsub bus',
      10_000,
      async () => (await this.subscriptions()) === this.subscriptionsOfAll,
    )
  }

  /** Undoes what a fault that failed halfway may have left. */
  async mend(): Promise<void> {
    closeStreams()
    await docker('unpause', redis).catch(() => '')
    const servers = [this.streams, this.pubsub].flatMap(({ a, b, proxy }) => [a.id, b.id, proxy])
    await docker('start', redis, ...servers)
    await Promise.all([this.links.a.mend(), this.links.b.mend()])
    await until('Redis to answer', 10_000, async () => (await this.redis('ping')) === 'PONG')
    await this.redis('acl', 'setuser', 'default', '+subscribe')
    await this.ready()
  }

  /** Asks Redis past the links. */
  async redis(...words: string[]): Promise<string> {
    return (await docker('exec', redis, 'redis-cli', ...words)).trim()
  }

  /** Does something to the container of Redis: `pause`, `kill`, `start`. */
  async toRedis(...words: string[]): Promise<void> {
    await docker(...words, redis)
  }

  /** How many of them are behind one link. */
  get subscriptionsOfALink(): number {
    return 2 * [this.streams, this.pubsub].filter(({ bus }) => bus === 'pubsub').length
  }

  /** How many hear it now. */
  async subscriptions(): Promise<number> {
    const answer = await this.redis('pubsub', 'numsub', 'sse-lab:events')
    return Number(answer.split('\n').at(-1))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    closeStreams()
    await this.#stack.disposeAsync()
  }

  async #workersReady(): Promise<void> {
    const servers = [this.streams, this.pubsub].flatMap(({ a, b }) => [a, b])
    await Promise.all(servers.map(async server => await server.workers()))
  }
}

// The lab's own files, for other servers, and with shorter answers to "come back later".
function toServers(address: string, port: number): (text: string) => string {
  return text =>
    text
      .replace('server server:3000', `server ${address}`)
      .replace('listen 80 ', `listen ${port} `)
      .replaceAll(/^( +(?:\d+%|\*) +)(\d)500;$/gm, '$1$200;')
}
