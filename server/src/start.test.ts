import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { bulk, FakeRedis, type Answer } from '../test/support/fake-redis.ts'
import { freePort } from '@sse-lab/testkit/listen.ts'
import { call, publish } from '@sse-lab/testkit/publish.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/** Real servers, started as people start them, and all that they print. */
const secret = 's3cret-w0rd'

class RunningServer implements AsyncDisposable {
  readonly #process
  output = ''

  constructor(env: Record<string, string>) {
    const main = `${import.meta.dirname}/main.ts`
    this.#process = spawn(process.execPath, [main], { env: { ...process.env, ...env } })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream.setEncoding('utf8').on('data', text => (this.output += String(text)))
  }

  async says(pattern: RegExp): Promise<void> {
    await until(`${String(pattern)}; it said ${this.output}`, 20_000, () => pattern.test(this.output))
  }

  async exit(): Promise<number | null> {
    await until(`its end; it said ${this.output}`, 20_000, () => this.#process.exitCode !== null)
    return this.#process.exitCode
  }

  lines(): { level: number; msg: string }[] {
    return this.output.split('\n').flatMap(line => (line.startsWith('{') ? [JSON.parse(line)] : []))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }
}

const malformed = [
  secret,
  `redis:${secret}@redis`,
  `//:${secret}@redis`,
  `redis://:${secret}%@redis:6379`,
  `redis://user:${secret}%zz@redis:6379`,
  `redis://user:${secret}@redis:port`,
  `redis://user:${secret}#@redis`,
  `redis://user:/${secret}@redis`,
  `redis://redis:6379?password=${secret}`,
  `http://user:${secret}@redis`,
]
for (const url of malformed) {
  test(`a server with REDIS_URL=${url} ends with one line that does not show it`, async () => {
    await using server = new RunningServer({ REDIS_URL: url, PORT: String(await freePort()) })

    assert.equal(await server.exit(), 78)

    assert.match(server.output, /^config: REDIS_URL must be [^\n]*\n$/)
    assert.doesNotMatch(server.output, new RegExp(secret))
  })
}

const refusals: Record<string, Answer> = {
  'a wrong password': ([command = '', , word]) =>
    /hello|auth/i.test(command) && (word === 'AUTH' || /auth/i.test(command))
      ? '-WRONGPASS invalid username-password pair or user is disabled.\r\n'
      : '-NOAUTH Authentication required.\r\n',
  'no password wanted': ([command = '']) =>
    /hello|auth/i.test(command)
      ? '-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?\r\n'
      : '-ERR no\r\n',
  'an answer that repeats what was sent': words => `-ERR not this: ${words.join(' ')}\r\n`,
}
for (const [name, answer] of Object.entries(refusals)) {
  for (const scheme of ['redis://:', 'redis://user:']) {
    test(`to ${name} at ${scheme}… a server says why it is not ready, without the password`, async () => {
      await using fake = new FakeRedis(answer)
      const url = `${scheme}${secret}@127.0.0.1:${await fake.listen()}/1`
      await using server = new RunningServer({
        REDIS_URL: url,
        PORT: String(await freePort()),
        LOG_LEVEL: 'trace',
      })

      await server.says(/Redis (is away|refuses the connection).*\n/)
      await server.says(/(WRONGPASS|ERR|NOAUTH)/)

      assert.doesNotMatch(server.output, new RegExp(secret))
    })
  }
}

const unreachable = ['redis://:', 'redis://user:', 'rediss://:', 'redis://']
for (const scheme of unreachable) {
  test(`with an unreachable Redis at ${scheme}… a server does not print the password`, async () => {
    const url = `${scheme}${secret}%22%40@127.0.0.1:${await freePort()}`
    await using server = new RunningServer({
      REDIS_URL: url,
      PORT: String(await freePort()),
      LOG_LEVEL: 'trace',
    })

    await server.says(/ECONNREFUSED.*\n/)

    assert.doesNotMatch(server.output, new RegExp(secret))
  })
}

test('a server on a Redis that is too old says so once, and does not listen', async () => {
  await using fake = new FakeRedis(([command = '', word]) => {
    if (/^hello$/i.test(command)) return '-ERR unknown command HELLO\r\n'
    if (/^info$/i.test(command)) return bulk('# Server\r\nredis_version:7.2.4\r\n')
    return /^command$/i.test(command) && word === 'INFO' ? '*1\r\n*-1\r\n' : undefined
  })
  const port = String(await freePort())
  await using server = new RunningServer({
    REDIS_URL: `redis://127.0.0.1:${await fake.listen()}`,
    PORT: port,
  })
  await server.says(/7\.2\.4.*\n/)
  fake.cut()
  await server.says(/connected to Redis.*\n/)

  await assert.rejects(call('GET', `http://127.0.0.1:${port}/healthz`), /ECONNREFUSED/)
  const errors = server.lines().filter(({ level }) => level >= 50)
  assert.deepEqual(
    errors.map(({ msg }) => msg),
    ['Redis 8.0 or later is needed (HSETEX), this is 7.2.4: waiting until there is a newer one'],
  )
})

test('a worker is named by its host, its server and its number, and says which one answered', async () => {
  const port = String(await freePort())
  await using server = new RunningServer({ PORT: port, SERVER_ID: '0123ab' })
  await server.says(/"ready"/)
  const base = `http://127.0.0.1:${port}`

  const list = JSON.parse((await call('GET', `${base}/api/workers`)).body)
  const { worker } = await publish(base, { topic: 'a', data: 1 })

  assert.match(worker, /^[^/]+\/0123ab\/0$/)
  assert.deepEqual(
    [list.answeredBy, list.workers[0].worker, list.workers[0].server],
    [worker, worker, '0123ab'],
  )
})
