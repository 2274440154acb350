import { until } from '@sse-lab/testkit/wait.ts'
import type { Effect, Fault, Scene } from './fault.ts'

/**
 * Takes Redis away and brings it back, with link `b` let through last: workers never come back in the same instant, and
 * what is published between the first one's return and the last one's is what pubsub loses.
 */
async function awayAndBack(scene: Scene, how: 'stop' | 'kill'): Promise<Effect> {
  const { world, sides } = scene
  await world.links.b.cut()
  await world.toRedis(how)
  for (const side of sides) await until('a publish to be refused', 5000, async () => await side.refuses())
  await world.toRedis('start')
  await until('all but the workers behind link b to hear the bus', 10_000, async () => {
    return (await world.subscriptions()) === world.subscriptionsOfAll - world.subscriptionsOfALink
  })
  return {
    deaf: sides.flatMap(side => side.clientsOn(side.b)),
    end: async () => await world.links.b.mend(),
  }
}

const someComeBackFirst =
  'nothing is acknowledged while it is away; then what is published before a worker has subscribed again'

export const stopped: Fault = {
  name: 'Redis is stopped, and started',
  pubsubLoses: 'what the deaf clients miss',
  because: someComeBackFirst,
  hits: ['redis', 'links', 'servers'],
  begin: async scene => await awayAndBack(scene, 'stop'),
}

export const killed: Fault = {
  name: 'SIGKILL Redis, and start it',
  pubsubLoses: 'what the deaf clients miss',
  because: someComeBackFirst,
  hits: ['redis', 'links', 'servers'],
  begin: async scene => await awayAndBack(scene, 'kill'),
}

export const paused: Fault = {
  name: 'Redis is paused',
  pubsubLoses: 'nothing',
  because: 'no publish is acknowledged meanwhile',
  // Where it is paused, the phases that tell what is lost cannot be published.
  hits: ['redis', 'links', 'servers', 'workers', 'clients'],
  async begin({ world, sides }) {
    await world.toRedis('pause')
    for (const side of sides) await until('a publish to be refused', 5000, async () => await side.refuses())
    return { deaf: [], silences: true, end: async () => await world.toRedis('unpause') }
  },
}

export const clientsKilled: Fault = {
  name: 'CLIENT KILL of every connection to Redis',
  pubsubLoses: 'what the deaf clients miss',
  because: 'every worker is deaf until it has subscribed again',
  hits: ['redis', 'links', 'servers'],
  async begin({ world, sides, random }) {
    // The permission makes sure that nobody has subscribed again when the next event is published.
    await world.redis('acl', 'setuser', world.serversUser, '-subscribe')
    const types = world.pubsub === undefined ? ['normal'] : ['pubsub', 'normal']
    if (random.next() < 0.5) types.reverse()
    for (const type of types) {
      const count = Number(await world.redis('client', 'kill', 'type', type, 'skipme', 'yes'))
      if (!(count > 0)) throw new Error(`no ${type} connection was killed`)
    }
    await until('no worker to hear the bus', 5000, async () => (await world.subscriptions()) === 0)
    return {
      deaf: sides.flatMap(side => side.clients),
      end: async () => void (await world.redis('acl', 'setuser', world.serversUser, '+subscribe')),
    }
  },
}
