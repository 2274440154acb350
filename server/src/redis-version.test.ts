import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { bulk, FakeRedis, type Answer } from '../test/support/fake-redis.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { redisIsNewEnough } from './redis-version.ts'
import { openRedis } from './redis.ts'

/** A Redis of this version, on which HSETEX is known or not. */
function of(version: string, hsetex: boolean): Answer {
  return ([command = '', word]) => {
    if (command.toLowerCase() === 'hello') return '-ERR unknown command HELLO\r\n'
    if (command.toLowerCase() === 'info') return bulk(`# Server\r\nredis_version:${version}\r\n`)
    if (command.toLowerCase() === 'command' && word === 'INFO')
      return hsetex ? `*1\r\n*1\r\n${bulk('hsetex')}` : '*1\r\n*-1\r\n'
    return undefined
  }
}

/** Asks a fake Redis, and keeps what is logged. */
async function ask(stack: AsyncDisposableStack, answer: Answer) {
  const fake = stack.use(new FakeRedis(answer))
  const lines: { level: number; msg: string }[] = []
  const silent = pino({ level: 'silent' })
  const { commands } = openRedis(`redis://127.0.0.1:${await fake.listen()}`, 'test', 1000, silent)
  stack.defer(() => commands.disconnect())
  const state = { enough: false }
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
  void redisIsNewEnough(commands, log).then(() => (state.enough = true))
  commands.connect().catch(() => undefined)
  return { fake, state, said: () => lines.map(({ level, msg }) => `${level} ${msg}`) }
}

for (const version of ['8.0.0', '8.0.6', '10.2.1']) {
  test(`Redis ${version} is new enough, and nothing is said`, async () => {
    await using stack = new AsyncDisposableStack()
    const { state, said } = await ask(stack, of(version, true))

    await until('it', 5000, () => state.enough)

    assert.deepEqual(said(), [])
  })
}

test('a Redis that is too old is said once however often it comes back, and waited out until a newer one comes', async () => {
  await using stack = new AsyncDisposableStack()
  const { fake, state, said } = await ask(stack, of('7.2.4', false))
  await until('a word', 5000, () => said().length > 0)
  let looks = 0
  const old = of('7.2.4', false)
  fake.answer = words => {
    if (words[0]?.toLowerCase() === 'command') looks += 1
    return old(words)
  }
  fake.cut()
  await until('another look', 5000, () => looks > 0)
  assert.equal(state.enough, false)

  fake.answer = of('8.0.6', true)
  fake.cut()
  await until('it', 5000, () => state.enough)

  assert.deepEqual(said(), [
    '50 Redis 8.0 or later is needed (HSETEX), this is 7.2.4: waiting until there is a newer one',
    '30 Redis is new enough now: 8.0.6',
  ])
})

test('what counts its versions differently is new enough if it knows HSETEX', async () => {
  await using stack = new AsyncDisposableStack()
  const { state } = await ask(stack, of('7.2.4', true))

  await until('it', 5000, () => state.enough)
})

test('a Redis that may not be asked is taken as it is, and that is said once', async () => {
  await using stack = new AsyncDisposableStack()
  let asked = 0
  const { fake, state, said } = await ask(stack, ([command]) => {
    if (command?.toLowerCase() !== 'info') return undefined
    asked += 1
    return "-NOPERM User limited has no permissions to run the 'info' command\r\n"
  })
  await until('it', 5000, () => state.enough)
  const before = asked
  fake.cut()
  await until('another look', 5000, () => asked > before + 1)

  assert.deepEqual(said(), ['40 Redis does not tell its version: going on without'])
})
