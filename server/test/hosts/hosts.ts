import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { docker } from '@sse-lab/testkit/stack.ts'
import { call } from '@sse-lab/testkit/publish.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/** The three engines of `make hosts`, by number. */
export const hosts = [1, 2, 3] as const
export type Host = (typeof hosts)[number]

/** Shards of the Redis Cluster: services of one server a host. */
export const shards = ['redis-a', 'redis-b', 'redis-c'] as const
type Shard = (typeof shards)[number]

/** One Redis server: the host that it is on, and its shard. */
export type Place = { shard: Shard; host: Host }

const places = shards.flatMap(shard => hosts.map((host): Place => ({ shard, host })))
const services = 6
const end = '-- end'

/** Does something with the container of a host. */
export async function toHost(
  host: Host,
  verb: 'kill' | 'start' | 'update',
  ...options: string[]
): Promise<void> {
  await docker(verb, ...options, containerOf(host))
}

// Before and after everything else, so that what is published for containers is dropped, too.
const drops = [
  ['raw', 'PREROUTING', '-i'],
  ['mangle', 'POSTROUTING', '-o'],
] as const

/** The network drops what comes to a host and what it sends, without a word, until it is let through again. */
export async function cutOff(host: Host): Promise<void> {
  await iptables(host, '-I')
}

export async function letThrough(host: Host): Promise<void> {
  await iptables(host, '-D')
}

async function iptables(host: Host, act: '-I' | '-D'): Promise<void> {
  for (const [table, chain, way] of drops) {
    const rule = [chain, way, 'eth0', '-j', 'DROP']
    await docker('exec', containerOf(host), 'iptables', '-t', table, act, ...rule)
  }
}

/** Runs docker on a host. */
export async function on(host: Host, ...words: string[]): Promise<string> {
  return (await docker('exec', containerOf(host), 'docker', ...words)).trim()
}

/** Does something with the container of a service on a host, like `kill` or `pause`. */
export async function toService(host: Host, service: string, verb: string): Promise<void> {
  await on(host, verb, await idOf(host, service))
}

/** Asks a Redis server. */
export async function ask({ shard, host }: Place, ...words: string[]): Promise<string> {
  return await on(host, 'exec', await idOf(host, shard), 'redis-cli', ...words)
}

/** The master of a partition's log, and the servers that have its copies. */
export async function ownersOf(partition: number): Promise<{ master: Place; replicas: Place[] }> {
  const slot = Number(await ask(anyPlace(), 'cluster', 'keyslot', `sse-lab:{${partition}}:log`))
  for (const place of await masters()) {
    const own = (await ask(place, 'cluster', 'nodes')).split('\n').find(line => line.includes('myself'))
    const ranges = own?.split(' ').slice(8) ?? []
    const has = ranges.some(range => {
      const [first = NaN, last = first] = range.split('-').map(Number)
      return first <= slot && slot <= last
    })
    const { shard, host } = place
    if (has) return { master: place, replicas: places.filter(it => it.shard === shard && it.host !== host) }
  }
  throw new Error(`nobody has partition ${partition}`)
}

export async function masters(): Promise<Place[]> {
  const found: Place[] = []
  for (const host of hosts)
    for (const { shard, role } of await statesOn(host))
      if (role.startsWith('master')) found.push({ shard, host })
  return found
}

type State = { shard: Shard; nodes: string; cluster: string; role: string }

/** What the Redis servers of a host say, by one call: asked one by one they would be the load that a strike is measured under. */
async function statesOn(host: Host): Promise<State[]> {
  const commands = ['cluster nodes', 'cluster info', 'role'].map(words => `redis-cli ${words}; echo ${end}`)
  const script = shards.map(
    shard => `docker exec $(docker ps --quiet --filter ${labelOf(shard)}) sh -c '${commands.join('; ')}'`,
  )
  const said = await docker('exec', containerOf(host), 'sh', '-ec', script.join('\n'))
  const parts = said.split(`${end}\n`)
  return shards.map((shard, n) => {
    const [nodes = '', cluster = '', role = ''] = parts.slice(3 * n)
    return { shard, nodes, cluster, role }
  })
}

/** Makes a server master of its shard, and waits until it is. */
export async function promote(place: Place): Promise<void> {
  await ask(place, 'cluster', 'failover')
  await until('it to be master', 10_000, async () => (await ask(place, 'role')).startsWith('master'))
}

/**
 * Resolves when everything runs again: every service on every host, one cluster with a master and two replicas in step in each
 * shard, and a proxy on each host behind which a server is ready.
 */
export async function healed(): Promise<void> {
  await until('every service to run', 120_000, async () => {
    await pause(500)
    const lines = (await on(1, 'service', 'ls', '--format', '{{.Replicas}}')).split('\n')
    const short = lines.filter(line => !/^(\d+)\/\1\b/.test(line))
    assert.deepEqual([lines.length, short], [services, []])
    return true
  })
  await until('Redis to be one cluster, with all copies in step', 60_000, async () => {
    await pause(500)
    const owners: Shard[] = []
    for (const host of hosts) {
      for (const { shard, nodes, cluster, role } of await statesOn(host)) {
        assert.ok(!/fail|handshake|disconnected/.test(nodes), nodes)
        assert.equal(nodes.trim().split('\n').length, places.length)
        assert.match(cluster, /cluster_state:ok/)
        assert.match(role, /^(master|slave[^]*\nconnected)/)
        if (role.startsWith('master')) owners.push(shard)
      }
    }
    assert.deepEqual(owners.toSorted(), shards)
    return true
  })
  for (const host of hosts) await serves(host)
}

/** Resolves when a server is ready behind the proxy of a host. */
export async function serves(host: Host): Promise<void> {
  await until(`host ${host} to serve`, 30_000, async () => {
    return (await call('GET', `http://host-${host}/readyz`, { withinMs: 2000 })).status === 200
  })
}

export function containerOf(host: Host): string {
  return `sse-hosts-${host}`
}

async function idOf(host: Host, service: string): Promise<string> {
  const id = await on(host, 'ps', '--quiet', '--filter', labelOf(service))
  assert.match(id, /^\w+$/, `${service} does not run on host ${host}`)
  return id
}

function labelOf(service: string): string {
  return `label=com.docker.swarm.service.name=sse_${service}`
}

function anyPlace(): Place {
  return { shard: 'redis-a', host: 1 }
}
