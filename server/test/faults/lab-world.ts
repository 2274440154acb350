import {
  container,
  docker,
  serverContainers,
  startNginx,
  startServer,
  testAlias,
} from '@sse-lab/testkit/stack.ts'
import { Toxiproxy } from '@sse-lab/testkit/toxiproxy.ts'
import { Server, Side } from './side.ts'
import { World } from './world.ts'

const environment = {
  WORKERS: '2',
  HEARTBEAT_MS: '500',
  // A drain lasts as long as a request is unfinished: long enough to be struck in it, however slow the machine is.
  DRAIN_MS: '3000',
  RETRY_MS_MIN: '50',
  RETRY_MS_MAX: '250',
}

// A container that starts again may get the address that another one had, while names still point there. What is for one
// side must not be taken by the other then, and count as acknowledged: each side listens on ports of its own.
const ports = { streams: { server: 3001, nginx: 8091 }, pubsub: { server: 3002, nginx: 8092 } }

/** Both buses beside each other on the stack's Redis, so that one and the same fault strikes both. */
export async function startLabWorld(): Promise<World> {
  await using resources = new AsyncDisposableStack()
  // The stack's own servers read the same Redis: two cores have enough to do without them.
  const idle = await serverContainers()
  await docker('stop', ...idle)
  resources.defer(async () => void (await docker('start', ...idle)))
  const toxiproxy = resources.use(await Toxiproxy.start())
  const links = {
    a: await toxiproxy.open('a', 6391, 'redis:6379'),
    b: await toxiproxy.open('b', 6392, 'redis:6379'),
  }
  const buses = { streams: process.env.FAULTS_BUS ?? 'streams', pubsub: 'pubsub' }
  // One side's streams leave node:http, and the other's stay. Those of the production shape leave it, so here `streams` stays.
  const isSwapped = process.env.FAULTS_ROAD === 'upgrade'
  const leaves = { streams: isSwapped, pubsub: !isSwapped }
  const startSide = async (name: 'streams' | 'pubsub') => {
    const alias = `faults-${name}`
    const { server: port, nginx } = ports[name]
    const startOne = async (letter: 'a' | 'b') => {
      const started = await startServer([alias, `${alias}-${letter}`], {
        ...environment,
        PORT: String(port),
        BUS: buses[name],
        NATIVE: process.env.FAULTS_NATIVE ?? '0',
        REDIS_URL: `redis://${testAlias}:${links[letter].port}`,
      })
      resources.use(started)
      return new Server({ id: started.getId(), url: `http://${alias}-${letter}:${port}` })
    }
    const [a, b] = await Promise.all([startOne('a'), startOne('b')])
    const proxy = await startNginx(`${alias}-nginx`, toServers(`${alias}:${port}`, nginx, leaves[name]), {
      port: nginx,
    })
    resources.use(proxy)
    const base = `http://${alias}-nginx:${nginx}`
    return new Side({ name, bus: buses[name], base, proxy: proxy.getId(), a, b })
  }
  const [streams, pubsub] = await Promise.all([startSide('streams'), startSide('pubsub')])
  const redis = { id: container('redis'), serversUser: 'default' }
  return await World.start({ streams, pubsub, links, redis, resources: resources.move() })
}

// The lab's own files, for other servers, and with shorter answers to "come back later".
function toServers(address: string, port: number, leaves: boolean): (text: string) => string {
  return text =>
    text
      .replace('"GET /events" sse;', leaves ? '$&' : '')
      .replace('server server:3000', `server ${address}`)
      .replace('listen 80 ', `listen ${port} `)
      .replaceAll(/^( +(?:[\d.]+%|\*) +)(\d+)500;$/gm, (_line, before: string, seconds: string) => {
        return `${before}${Number(seconds) * 30};`
      })
}
