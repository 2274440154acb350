import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { TokenIssuer } from './support/issuer.ts'
import { call, type Answer } from '@sse-lab/testkit/publish.ts'
import { docker, startRedis, startServer } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/** One worker with AUTH=jwt, and a Redis that may go away. The attack suite has what many workers and the proxy do. */
const server = 'http://access:3000'
const admin = 'http://access:3001'

const resources = new AsyncDisposableStack()
let redis: string
let alice: Record<string, string>
let bob: Record<string, string>

before(async () => {
  const issuer = resources.use(await TokenIssuer.make())
  redis = resources.use(await startRedis('access-redis')).getId()
  const keys = '/tmp/jwks.json'
  const env = {
    ...issuer.environment(keys),
    REDIS_URL: 'redis://access-redis:6379',
    WORKERS: '1',
    ADMIN_PORT: '3001',
    ADMIN_BIND: '0.0.0.0',
    HOSTS: 'access',
  }
  resources.use(await startServer('access', env, { files: { [keys]: issuer.jwks } }))
  alice = await issuer.headers('alice')
  bob = await issuer.headers('bob')
  await until('the worker to be ready', 20_000, async () => {
    return (await call('GET', `${server}/readyz`)).status === 200
  })
})
after(async () => {
  await resources.disposeAsync()
})

const newTicket = async (headers: Record<string, string>) =>
  await call('POST', `${server}/events/tickets`, { headers })
const revoke = async (body: object) =>
  await call('POST', `${admin}/api/revocations`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

/** Says that it was refused for now, in the form of all refusals, and when to come back. */
function assertProblem({ status, headers, body }: Answer, expected: { status: number; code: string }): void {
  const problem: unknown = JSON.parse(body)
  assert.ok(typeof problem === 'object' && problem !== null)
  assert.deepEqual({ status, ...problem }, { ...problem, ...expected })
  assert.match(String(headers['content-type']), /^application\/problem\+json/)
  assert.equal(headers['retry-after'], '1')
}

test('a subject that asks for tickets without end is refused with 429, and another one is not', async () => {
  // Ten at once, and ten more with each second.
  const refused = await until('a refusal', 10_000, async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, async () => await newTicket(alice)))
    assert.ok(answers.filter(({ status }) => status === 201).length < 40)
    return answers.find(({ status }) => status !== 201)
  })

  assertProblem(refused, { status: 429, code: 'too-many' })
  assert.match(refused.body, /Too many tickets of one subject/)
  assert.equal((await newTicket(bob)).status, 201)
  await until('alice to get one again', 5000, async () => (await newTicket(alice)).status === 201)
})

test('while Redis is away there are no tickets and no revocations, a ticket in hand brings a stream back later; then all is as before', async () => {
  const { ticket } = JSON.parse((await newTicket(bob)).body)
  const open = `${server}/events?topic=t&ticket=${ticket}`

  await docker('pause', redis)
  try {
    assertProblem(await newTicket(bob), { status: 503, code: 'not-ready' })
    const revoked = await revoke({ sub: 'mallory' })
    assertProblem(revoked, { status: 503, code: 'not-ready' })
    assert.doesNotMatch(revoked.body, /nothing/i, 'what was on its way may take effect later')
    const { status, body } = await call('GET', open)
    assert.deepEqual([status, /^retry: \d+\n$/.test(body)], [200, true], body)
    assert.equal((await call('GET', `${server}/healthz`)).status, 200)
  } finally {
    await docker('unpause', redis)
  }

  await until('a ticket', 10_000, async () => (await newTicket(bob)).status === 201)
  await until('a revocation', 10_000, async () => (await revoke({ sub: 'bob' })).status === 202)
  await until('bob to be nobody', 5000, async () => (await newTicket(bob)).status === 401)
  assert.equal((await newTicket(alice)).status, 201)
})
