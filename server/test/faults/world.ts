import { closeStreams } from '@sse-lab/testkit/stream.ts'
import { docker } from '@sse-lab/testkit/stack.ts'
import type { Link } from '@sse-lab/testkit/toxiproxy.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import type { Side } from './side.ts'

export type WorldParts = {
  streams: Side
  /** What forgets, beside what must not. */
  pubsub?: Side
  links: { a: Link; b: Link }
  /** Its container; what redis-cli must say to do anything; the user that the servers are. */
  redis: { id: string; login?: string[]; serversUser: string }
  resources: AsyncDisposableStack
}

/**
 * Where the faults strike: servers, a proxy and a Redis. Every server reaches Redis through Toxiproxy: the `a` of each side
 * over one link, the `b` over another.
 */
export class World implements AsyncDisposable {
  readonly streams: Side
  readonly pubsub: Side | undefined
  readonly links: { a: Link; b: Link }
  readonly serversUser: string
  readonly #redis: WorldParts['redis']
  readonly #resources: AsyncDisposableStack
  /** How many workers hear the channel of the pubsub bus while all is well. */
  subscriptionsOfAll = 0

  private constructor({ streams, pubsub, links, redis, resources }: WorldParts) {
    this.streams = streams
    this.pubsub = pubsub
    this.links = links
    this.serversUser = redis.serversUser
    this.#redis = redis
    this.#resources = resources
  }

  /** Resolves when every worker of it is ready. From now on the resources are the world's. */
  static async start(parts: WorldParts): Promise<World> {
    const world = new World(parts)
    try {
      await world.#workersReady()
      world.subscriptionsOfAll = await world.subscriptions()
      return world
    } catch (error) {
      await world[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Resolves when every worker is ready again, and hears the bus. */
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
    await this.toRedis('unpause').catch(() => undefined)
    const servers = this.#sides.flatMap(({ a, b, proxy }) => [a.id, b.id, proxy])
    await docker('start', this.#redis.id, ...servers)
    await Promise.all([this.links.a.mend(), this.links.b.mend()])
    await until('Redis to answer', 10_000, async () => (await this.redis('ping')) === 'PONG')
    await this.redis('acl', 'setuser', this.serversUser, '+subscribe')
    await this.ready()
  }

  /** Asks Redis past the links. */
  async redis(...words: string[]): Promise<string> {
    const { id, login = [] } = this.#redis
    return (await docker('exec', id, 'redis-cli', ...login, ...words)).trim()
  }

  /** Does something to the container of Redis: `pause`, `kill`, `start`. */
  async toRedis(...words: string[]): Promise<void> {
    await docker(...words, this.#redis.id)
  }

  /** How many of them are behind one link. */
  get subscriptionsOfALink(): number {
    return 2 * this.#sides.filter(({ bus }) => bus === 'pubsub').length
  }

  /** How many hear it now. */
  async subscriptions(): Promise<number> {
    const answer = await this.redis('pubsub', 'numsub', 'sse-lab:events')
    return Number(answer.split('\n').at(-1))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    closeStreams()
    await this.#resources.disposeAsync()
  }

  get #sides(): Side[] {
    return this.pubsub === undefined ? [this.streams] : [this.streams, this.pubsub]
  }

  async #workersReady(): Promise<void> {
    await Promise.all(this.#sides.flatMap(({ a, b }) => [a, b]).map(async server => await server.workers()))
  }
}
