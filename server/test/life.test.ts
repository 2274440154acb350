import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, before, test } from 'node:test'
import { call, post, publish } from '@sse-lab/testkit/publish.ts'
import {
  docker,
  fixed,
  listWorkers,
  serverContainers,
  stackReady,
  stackSockets,
  startServer,
} from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

let servers: string[] = []
before(async () => {
  servers = await serverContainers()
})
afterEach(async () => {
  await stackReady()
  await until('nginx to try only servers that there are', 10_000, allAnswerAtOnce)
})

/** Whether nginx knows of no server that has gone: a request that it sends there takes a second, or fails. */
async function allAnswerAtOnce(): Promise<boolean> {
  const begun = performance.now()
  const answers = await Promise.all(
    Array.from({ length: 30 }, async () => await call('GET', `${fixed}/healthz`)),
  )
  return answers.every(({ status }) => status === 200) && performance.now() - begun < 900
}

async function openStreams(count: number, topic: string): Promise<TestStream[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => await TestStream.openGreeted(`${fixed}/events?topic=${topic}`)),
  )
}

test('when every server is stopped, streams end whole, a POST gets 503 and a client is told to come back', async () => {
  await stackReady()
  const streams = await openStreams(40, randomUUID())

  await docker('stop', ...servers)
  try {
    for (const stream of streams) assert.equal((await stream.ended(5000)).how, 'end')
    const [client, publisher, head, workers] = [
      await call('GET', `${fixed}/events`),
      await post(fixed, { topic: 'lobby', data: 1 }),
      await call('HEAD', `${fixed}/events`),
      await call('GET', `${fixed}/api/workers`),
    ]

    assert.deepEqual([client.status, client.headers['content-type']], [200, 'text/event-stream'])
    assert.match(client.body, /^retry: \d{4,5}\n$/)
    assert.deepEqual([publisher.status, publisher.headers['content-type']], [503, 'application/problem+json'])
    assert.match(publisher.body, /"code":"server-away"/)
    assert.deepEqual([head.status, workers.status], [503, 503])
  } finally {
    await docker('start', ...servers)
  }

  await stackReady()
  const [stream] = await openStreams(1, 'back')
  const { id } = await publish(fixed, { topic: 'back', data: 1 })
  await stream?.next(event => event.id === id, { withinMs: 5000 })
  stream?.close()
})

test('a server container that is new is found by nginx without a reload', async () => {
  await stackReady()
  const env = {
    SOCKET: '/run/lab/server.sock',
    REDIS_URL: 'redis://redis:6379',
    WORKERS: '1',
    DRAIN_MS: '100',
    HEARTBEAT_MS: '500',
  }
  await using added = await startServer('server', env, { sockets: stackSockets })
  await stackReady(5)
  const host = added.getId().slice(0, 12)

  await until('a stream on the new container', 15_000, async () => {
    await using stream = await TestStream.open(`${fixed}/events`)
    return (await stream.greeted()).worker.startsWith(`${host}/`)
  })
})

test('pm2 reload replaces every worker, ends its streams whole, and no publish fails', async () => {
  const old = await stackReady()
  const host = (await docker('inspect', '--format', '{{.Config.Hostname}}', servers[0] ?? '')).trim()
  const streams = await openStreams(40, randomUUID())
  const held = streams.filter(stream => stream.hello?.worker.startsWith(`${host}/`))
  const refused: string[] = []

  const reload = { done: false }
  const reloading = docker('exec', servers[0] ?? '', 'npx', 'pm2', 'reload', 'server').finally(
    () => (reload.done = true),
  )
  while (!reload.done) {
    const { status, body } = await post(fixed, { topic: 'reload', data: 'x' })
    if (status !== 202) refused.push(`${status} ${body}`)
  }
  await reloading

  assert.ok(held.length > 0 && held.length < streams.length)
  for (const stream of held) assert.equal((await stream.ended(5000)).how, 'end')
  const stayed = streams.filter(stream => !held.includes(stream))
  assert.deepEqual([...new Set(stayed.map(stream => stream.ending))], [undefined])
  assert.deepEqual(refused, [])
  const after = await stackReady()
  const pids = (workers: typeof after) => workers.filter(worker => worker.host === host).map(({ pid }) => pid)
  assert.ok(pids(old).every(pid => !pids(after).includes(pid)))
  for (const stream of streams) stream.close()
})

test('a worker that leaves while pm2 itself stands still takes no call along', async () => {
  const workers = await stackReady()
  const leaving = workers[0]
  const other = workers.find(({ host }) => host !== leaving?.host)
  const server = servers.find(id => id.startsWith(leaving?.host ?? 'none'))
  assert.ok(leaving && other && server)

  const direct = `http://${leaving.host}:3000`
  const event = { topic: 'left', data: 1 }
  // They take turns: after another one's it is the leaving worker's.
  await until(
    'the turn of the worker',
    10_000,
    async () => (await publish(direct, event)).worker !== leaving.worker,
  )

  // pm2-runtime accepts every connection and hands it to a worker. Slow as on a busy machine, it finds the connection
  // first, and that the worker has left afterwards.
  await docker('kill', '--signal', 'STOP', server)
  const posts = Array.from({ length: 4 }, async () => await post(direct, event))
  await docker('exec', server, 'kill', '-INT', String(leaving.pid))
  await until('the worker to leave', 10_000, async () => {
    const listed = await listWorkers(`http://${other.host}:3000`)
    return listed.some(({ pid, ready, worker }) => worker === leaving.worker && pid === leaving.pid && !ready)
  })
  await docker('kill', '--signal', 'CONT', server)

  const answers = await Promise.allSettled(posts)
  assert.deepEqual(
    answers.filter(it => it.status === 'rejected' || it.value.status !== 202),
    [],
  )
})

test('a worker that is killed is replaced, and the list forgets it', async () => {
  const [victim] = await stackReady()
  assert.ok(victim)

  const [target] = await until('the container of the victim', 1000, async () => {
    const hosts = await Promise.all(
      servers.map(async it => [it, await docker('inspect', '--format', '{{.Config.Hostname}}', it)]),
    )
    return hosts.find(([, host]) => host?.trim() === victim.host)
  })

  await docker('exec', target ?? '', 'kill', '-KILL', String(victim.pid))

  await until('another worker in its place', 20_000, async () => {
    const same = (await listWorkers()).filter(({ worker }) => worker === victim.worker)
    return same.length === 1 && same[0]?.ready && same[0].pid !== victim.pid
  })
})

test('a bad configuration is one line that lists every bad variable, and is not tried again', async () => {
  await using bad = await startServer('bad', { PORT: '80a', HEARTBEAT_MS: '-1', BUS: 'pubsub', WORKERS: '1' })

  const stopped = await until('the container to stop', 30_000, async () => {
    const state = await docker('inspect', '--format', '{{.State.Status}}', bad.getId())
    return state.trim() === 'exited'
  })

  assert.ok(stopped)
  const lines = (await docker('logs', bad.getId())).split('\n').filter(line => line.startsWith('config:'))
  assert.equal(lines.length, 1, lines.join('\n'))
  assert.match(lines[0] ?? '', /PORT must be.*"80a".*HEARTBEAT_MS must be.*"-1".*REDIS_URL is missing/)
})
