import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { until } from '@sse-lab/testkit/wait.ts'
import { ask, bearing, compose, port, publish, token } from './production.ts'

/** Attacks on the production shape, and what a client with a token may do. Each is bounded in count and time. */

let alice: string
let bob: string

before(async () => {
  alice = await token('alice', { subscribe: 'lobby,room/*', publish: 'room/*' })
  bob = await token('bob', { subscribe: 'room/*', publish: 'room/*' })
})

const codeOf = ({ text: body }: { text: string }): unknown => JSON.parse(body).code
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

test('a stranger is refused whatever he asks for, and learns no version and no name', async () => {
  for (const path of ['/events', '/events?topic=room/1', '/events?topic=room/1&lastEventID=0-0']) {
    const { status, headers, text: body } = await ask(path)
    assert.deepEqual([status, headers['www-authenticate']], [401, 'Bearer'], path)
    assert.deepEqual([headers.server, headers['x-powered-by']], ['nginx', undefined])
    assert.doesNotMatch(body, /server\/|worker|redis/i)
  }
  const json = { 'content-type': 'application/json' }
  const posted = await ask('/events', { method: 'POST', headers: json, body: '{"topic":"a","data":1}' })
  assert.equal(posted.status, 401)
  assert.equal((await ask('/events/tickets', { method: 'POST', headers: json, body: '{}' })).status, 401)
  assert.equal((await ask('/events', { method: 'HEAD' })).status, 401)
  for (const path of [
    '/metrics',
    '/api/workers',
    '/api/lab',
    '/api/revocations',
    '/%6detrics',
    '//metrics',
    '/x/../api/workers',
  ]) {
    for (const method of ['GET', 'POST']) {
      const { status } = await ask(path, { method, headers: bearing(alice) })
      assert.ok([404, 405].includes(status), `${method} ${path}: ${status}`)
    }
  }
})

test('who comes for another name is no client of this service', async () => {
  for (const host of ['evil.example', 'localhost.evil.example', '10.0.0.1'])
    for (const path of ['/', '/events', '/healthz'])
      assert.equal((await ask(path, { headers: bearing(alice, { host }) })).status, 421, `${host}${path}`)
})

test('forged tokens are refused, and a good one beside a bad header does not help', async () => {
  const [, payload] = alice.split('.')
  const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString())
  const jwks = JSON.parse(await compose('exec', '-T', 'server', 'cat', '/run/jwks/jwks.json'))
  const head = { typ: 'at+jwt', kid: jwks.keys[0].kid }
  const signedByPublic = `${part({ ...head, alg: 'HS256' })}.${part(claims)}`
  const mac = createHmac('sha256', JSON.stringify(jwks.keys[0])).update(signedByPublic).digest('base64url')
  const forged = [
    `${part({ ...head, alg: 'none' })}.${payload}.`,
    `${signedByPublic}.${mac}`,
    alice.replace(/\.[^.]+\./, `.${part({ ...claims, sub: 'root' })}.`),
    `${alice.slice(0, -4)}AAAA`,
    'null',
  ]
  for (const it of forged)
    assert.equal((await ask('/events?topic=lobby', { headers: bearing(it) })).status, 401, it)
  const cookie = `__Host-sse=${alice}`
  assert.equal(
    (await ask('/events?topic=lobby', { headers: { authorization: 'Basic eDp5', cookie } })).status,
    401,
  )
})

test('with a token for room/* one may do exactly that', async () => {
  const opens = async (query: string) =>
    (await ask(`/events?${query}`, { headers: bearing(bob), until: /event: hello/ })).status
  for (const query of ['topic=room/1', 'topic=room%2F1&topic=room/2/x', 'topic=%72oom/1'])
    assert.equal(await opens(query), 200, query)
  const denied = [
    '',
    'topic=room',
    'topic=roomx/1',
    'topic=lobby',
    'topic=room/1&topic=lobby',
    'topic=room/',
    'topic=room%252F1',
  ]
  for (const query of denied) assert.equal(await opens(query), 403, query)
  assert.equal((await publish(bob, 'room/1')).status, 202)
  for (const topic of ['room', 'lobby', 'roomx/1'])
    assert.equal((await publish(bob, topic)).status, 403, topic)
})

test('a cookie opens a stream, and publishes for no page of another origin', async () => {
  const cookie = `__Host-sse=${alice}`
  const stream = await ask('/events?topic=lobby', { headers: { cookie }, until: /event: hello/ })
  assert.equal(stream.status, 200)
  const body = '{"topic":"room/1","data":1}'
  const post = async (more: Record<string, string>) =>
    (
      await ask('/events', {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json', ...more },
        body,
      })
    ).status
  assert.equal(await post({ 'sec-fetch-site': 'same-origin' }), 202)
  for (const origin of ['https://evil.example', 'null', `https://localhost.evil.example:${port}`])
    assert.equal(await post({ origin, 'sec-fetch-site': 'cross-site' }), 403, origin)
})

test('a token that ends takes its stream along, and the next one misses nothing', async () => {
  const brief = await token('carol', { subscribe: 'room/*', minutes: 0.3 })
  const reading = ask('/events?topic=room/carol', { headers: bearing(brief), withinMs: 30_000 })
  const { status } = await publish(alice, 'room/carol')
  assert.equal(status, 202)
  const ended = await reading
  assert.match(ended.text, /event: token-expired\ndata:\n\n$/)
  const { exp } = JSON.parse(Buffer.from(brief.split('.')[1] ?? '', 'base64url').toString())
  assert.ok(Date.now() < Number(exp) * 1000 + 2000, 'the stream outlived its token')
  const last = /^id: (.*)$/m.exec(ended.text)?.[1] ?? ''
  await publish(alice, 'room/carol')
  await until('the end of the token', 20_000, () => Date.now() > Number(exp) * 1000)
  const late = await ask('/events?topic=room/carol', { headers: bearing(brief, { 'last-event-id': last }) })
  assert.deepEqual([late.status, /event: hello/.test(late.text)], [200, false])
  assert.ok(late.text.includes(`id: ${last}\n`), 'its own last id was lost')
  const next = await token('carol', { subscribe: 'room/*' })
  const back = await ask('/events?topic=room/carol', {
    headers: bearing(next, { 'last-event-id': last }),
    until: /data: x\n/,
  })
  assert.match(back.text, /data: x\n/)
})

test('a ticket opens one stream, once, on any worker', async () => {
  const made = await ask('/events/tickets', { method: 'POST', headers: bearing(alice) })
  assert.equal(made.status, 201)
  const { ticket } = JSON.parse(made.text)
  const first = await ask(`/events?topic=lobby&ticket=${ticket}`, { until: /event: hello/ })
  const second = await ask(`/events?topic=lobby&ticket=${ticket}`)
  const denied = await ask(
    `/events?topic=secret&ticket=${JSON.parse((await ask('/events/tickets', { method: 'POST', headers: bearing(alice) })).text).ticket}`,
  )
  assert.deepEqual([first.status, second.status, denied.status], [200, 401, 403])
})

test('a revocation ends the streams of every worker within three seconds, and nobody else’s', async () => {
  const mallory = await token('mallory', { subscribe: 'room/*' })
  const greeted = new Set<number>()
  const streams = Array.from({ length: 12 }, async (_, n) => {
    const heard = (all: string) => void (all.includes('event: hello') && greeted.add(n))
    await ask('/events?topic=room/1', { headers: bearing(mallory), withinMs: 30_000, heard })
    return performance.now()
  })
  const other = ask('/events?topic=room/1', {
    headers: bearing(alice),
    withinMs: 30_000,
    until: /^data: x$/m,
  })
  await until('all streams to be open', 10_000, () => greeted.size === 12)
  assert.match(
    await compose('exec', '-T', 'server', 'node', 'dist/access/revoke.js', 'mallory'),
    /revoked: mallory/,
  )
  const revokedAt = performance.now()
  for (const endedAt of await Promise.all(streams))
    assert.ok(endedAt - revokedAt < 5000, `${endedAt - revokedAt} ms`)
  assert.equal((await ask('/events?topic=room/1', { headers: bearing(mallory) })).status, 401)
  assert.equal((await publish(alice, 'room/1')).status, 202)
  assert.match((await other).text, /^data: x$/m, 'the stream of another subject is not open any more')
})

test('one subject has twenty streams of a worker at most, and is told to come back', async () => {
  const dave = await token('dave', { subscribe: 'room/*' })
  // Four workers: above eighty, each of them has said no.
  const answers = await Promise.all(
    Array.from(
      { length: 95 },
      async () => await ask('/events?topic=room/1', { headers: bearing(dave), withinMs: 10_000 }),
    ),
  )
  const refused = answers.filter(({ text: body }) => /^retry: 30000\n$/.test(body))
  assert.ok(refused.length >= 15, `${refused.length} of 95 were told to come back`)
  assert.ok(
    answers.every(({ status }) => status === 200),
    'a status other than 200 ends an EventSource for good',
  )
})

test('a flood of publishes is refused in part, as problem details, and every stream stays open', async () => {
  let soFar = ''
  const heard = (all: string) => (soFar = all)
  const reading = ask('/events?topic=room/flood', { headers: bearing(bob), withinMs: 15_000, heard })
  await until('the stream to be open', 5000, () => soFar.includes('event: hello'))
  const flood: Awaited<ReturnType<typeof publish>>[] = []
  const refused = await until('more than fifty to be refused', 8000, async () => {
    flood.push(
      ...(await Promise.all(Array.from({ length: 400 }, async () => await publish(alice, 'room/flood')))),
    )
    const limited = flood.filter(({ status }) => status === 429)
    return limited.length > 50 && limited
  })
  for (const it of refused) assert.deepEqual([codeOf(it), it.headers['retry-after']], ['too-many', '1'])
  const taken = flood.filter(({ status }) => status === 202).length
  await until('the last event', 5000, () => soFar.match(/^data: x$/gm)?.length === taken)
  await reading
})

test('the keys of one subject are not those of another', async () => {
  const key = { 'idempotency-key': `k-${Date.now()}` }
  await until(
    'a publish to be taken again',
    5000,
    async () => (await publish(alice, 'room/k')).status === 202,
  )
  const [one, again, others] = [
    await publish(alice, 'room/k', key),
    await publish(alice, 'room/k', key),
    await publish(bob, 'room/k', key),
  ]
  assert.deepEqual([one.status, others.status], [202, 202])
  assert.equal(JSON.parse(one.text).id, JSON.parse(again.text).id)
  assert.notEqual(JSON.parse(one.text).id, JSON.parse(others.text).id)
})

test('a head is given up after ten seconds in all, however it trickles in, and a body ten seconds after its last byte', async () => {
  const start = 'POST /events HTTP/1.1\r\nHost: localhost\r\n'
  const json = `Authorization: Bearer ${alice}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n`
  const lifetimes = await Promise.all([
    secondsUntilClosed(start),
    secondsUntilClosed(`${start}X-Slow: `, ' '),
    secondsUntilClosed(`${start}${json}\r\n{`),
  ])
  for (const [index, seconds] of lifetimes.entries())
    assert.ok(seconds > 8 && seconds < 20, `${index}: ${seconds.toFixed(1)} s`)
})

/** Sends `first`, and then `more` every second: how long does the proxy keep the connection? */
async function secondsUntilClosed(first: string, more = ''): Promise<number> {
  const begun = performance.now()
  const socket = connectTls({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false })
  // It is closed between two bytes.
  socket.on('error', () => undefined).resume()
  socket.write(first)
  const timer = setInterval(() => void (more !== '' && socket.write(more)), 1000)
  await once(socket, 'close', { signal: AbortSignal.timeout(30_000) }).finally(() => {
    clearInterval(timer)
    socket.destroy()
  })
  return (performance.now() - begun) / 1000
}

test('over HTTP/2 the seventh stream of one connection is open, too', async () => {
  const session = connectHttp2(`https://localhost:${port}`, { rejectUnauthorized: false })
  try {
    const streams = Array.from({ length: 8 }, () => {
      const stream = session.request({ ':path': '/events?topic=lobby', authorization: `Bearer ${alice}` })
      let body = ''
      stream.setEncoding('utf8').on('data', (piece: string) => (body += piece))
      return () => /event: hello/.test(body)
    })
    await until('eight streams to say hello', 5000, () => streams.every(isOpen => isOpen()))
  } finally {
    session.destroy()
  }
})

test('HTTP without TLS gets a sentence, and no service', async () => {
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  assert.match(await text(socket), /^HTTP\/1\.1 400 .*This port speaks HTTPS/s)
})

test('Redis answers nobody without a password, and nginx cannot even find it', async () => {
  assert.match(await compose('exec', '-T', 'redis', 'redis-cli', 'ping'), /NOAUTH/)
  const reached = await compose(
    'exec',
    '-T',
    'nginx',
    'bash',
    '-c',
    '</dev/tcp/redis/6379 && echo reached || echo not',
  ).catch(String)
  assert.doesNotMatch(reached, /^reached/m)
  const caps = await compose(
    'exec',
    '-T',
    'server',
    'sh',
    '-c',
    'grep -h CapBnd /proc/self/status; touch /lab/x 2>&1 || true',
  )
  assert.match(caps, /CapBnd:\s+0+\n/)
  assert.match(caps, /Read-only file system/)
})

test('no log has a token, and none the password of Redis', async () => {
  const password = await compose('exec', '-T', 'server', 'cat', '/run/redis-client/password')
  const logs = await compose('logs', '--no-color')
  for (const secret of [alice, bob, password.trim()])
    assert.ok(!logs.includes(secret.slice(-40)), 'a secret is in a log')
  assert.ok(logs.includes('ready'), 'no log was read')
})
