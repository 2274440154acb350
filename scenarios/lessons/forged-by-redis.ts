import { docker } from '@sse-lab/testkit/stack.ts'
import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import type { Rig } from '../rig/rig.ts'
import { scenario } from '../scenario.ts'

const streamCount = 5
const log = 'sse-lab:log'
// Written as a worker writes an event, and as nobody would: without its place in the log, and of a type that only the server has.
const inForm = `XADD ${log} * start 0 end 20 after 0-0 topic t type admin data forged`
const outOfForm = [
  `XADD ${log} * topic t type admin data forged`,
  `XADD ${log} * start 0 end 20 after 0-0 topic t type hello data forged`,
]

export const forgedByRedis = scenario({
  name: 'forged-by-redis',
  title: 'Whoever reaches Redis writes events for everyone',
  symptom:
    'Clients receive events that no publisher has sent, and no server has a log line of a publish. Or the whole past is gone at once, and every stream is told of a gap.',
  switch:
    'Redis without a password, in the network of all containers, against users.acl and a network of its own, as compose.production.yaml has them',
  because:
    'Servers believe what stands in Redis. Without a password it takes commands from whoever can open a connection: any container beside it, the proxy that faces the internet first of all.',
  fix: 'A user with a password and the commands of the server alone, no default user, and a network that only servers are in. The server passes over entries that no publisher could have sent; one in the right form it cannot tell.',
  code: [
    { file: 'deploy/secrets/users.acl', text: 'user default off' },
    { file: 'compose.production.yaml', text: 'redis: { internal: true }' },
    { file: 'server/src/bus/streams/log-entry.ts', text: 'type: eventType.exactOptional()' },
  ],
  sides: { broken: openRedis, fixed: guardedRedis },
  async measure(rig, start) {
    const redis = await start(rig)
    const server = await rig.server(redis.env)
    const nginx = await rig.nginx(server.address)
    const streams = await Promise.all(
      Array.from({ length: streamCount }, () => TestStream.openGreeted(`${nginx.url}/events?topic=t`)),
    )
    // From the container that whoever breaks in has first, and from beside Redis.
    const fromNginx = await sendCommands(nginx.id, redis.host, [...outOfForm, inForm])
    const fromBeside = await sendCommands(redis.id, '127.0.0.1', [...outOfForm, inForm])
    const last = await publish(nginx.url, { topic: 't', data: 'last' })
    for (const stream of streams) await stream.next(({ id }) => id === last.id, { withinMs: 3000 })
    const [events = []] = streams.map(stream => stream.events.filter(({ id }) => id !== last.id))
    const reached = streams.filter(stream => stream.events.some(({ data }) => data === 'forged')).length
    const passedOver = server.output.match(/passed over/g)?.length ?? 0
    return { events, reached, fromNginx, fromBeside, passedOver }
  },
  judge: {
    broken: ({ events, reached, fromNginx }) => ({
      predicted: `${streamCount} of ${streamCount} clients receive the forged event in the right form, twice; none of the 4 others`,
      measured: `${reached} of ${streamCount} clients receive ${events.length} forged events`,
      holds:
        reached === streamCount &&
        events.length === 2 &&
        events.every(({ event, data }) => event === 'admin' && data === 'forged'),
      evidence: `Redis to nginx’s container: ${fromNginx}`,
    }),
    fixed: ({ events, reached, fromNginx, fromBeside }) => ({
      predicted: `0 of ${streamCount} clients receive a forged event; nginx’s container does not find Redis, and beside it a password is missing`,
      measured: `${reached} of ${streamCount} clients receive ${events.length} forged events`,
      holds:
        reached === 0 &&
        events.length === 0 &&
        /not known|resolve|failure/i.test(fromNginx) &&
        fromBeside.split('NOAUTH').length - 1 === 3,
      evidence: `nginx’s container: ${fromNginx}; beside Redis: ${fromBeside}`,
    }),
  },
})

type StartedRedis = { id: string; host: string; env: Record<string, string> }

async function openRedis(rig: Rig): Promise<StartedRedis> {
  const { id, address, url } = await rig.redis()
  return { id, host: address.replace(/:\d+$/, ''), env: { REDIS_URL: url } }
}

async function guardedRedis(rig: Rig): Promise<StartedRedis> {
  return await rig.guardedRedis()
}

/** Gives Redis commands from inside a container, with nothing but its shell. Returns what came back, in one line. */
async function sendCommands(container: string, host: string, commands: readonly string[]): Promise<string> {
  const script = `exec 3<>/dev/tcp/${host}/6379 && printf '%s\\r\\n' "$@" QUIT >&3 && cat <&3`
  const printed = await docker('exec', container, 'bash', '-c', script, 'bash', ...commands).catch(String)
  return printed.trim().replaceAll(/\s+/g, ' ')
}
