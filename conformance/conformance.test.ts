import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { listen } from '@sse-lab/testkit/listen.ts'
import { call } from '@sse-lab/testkit/publish.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { cases } from './kit/cases.ts'
import { runCases, type Result } from './kit/run.ts'
import { casesTable } from './kit/table.ts'
import { optionsFor } from './self-test/judge.ts'
import { HoldsBody, HoldsStream } from './self-test/holders.ts'
import { Model } from './self-test/model.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const idsOf = (results: Result[], outcome: Result['outcome']) =>
  results.filter(result => result.outcome === outcome).map(({ case: { id }, text }) => `${id}: ${text}`)

const rows = (text: string) => text.match(/^\| `[a-z]+\/.*$/gm)?.map(row => row.replaceAll(/\s+/g, ' '))

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  server.close()
  return port
}

/** The lab's own server with the memory bus, as `npm start` runs it. */
async function startLab(env: Record<string, string>): Promise<{ base: URL } & Disposable> {
  const port = await freePort()
  const lab = spawn(process.execPath, ['server/src/main.ts'], {
    cwd: root,
    env: { PATH: process.env.PATH, LOG_LEVEL: 'silent', PORT: String(port), BUS: 'memory', ...env },
    stdio: 'inherit',
  })
  const base = new URL(`http://127.0.0.1:${port}`)
  await until('the server', 10_000, async () => (await call('GET', `${base.origin}/readyz`)).status === 200)
  return { base, [Symbol.dispose]: () => void lab.kill('SIGKILL') }
}

/** The command, as make runs it. */
async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return await new Promise(resolve => {
    execFile(process.execPath, ['conformance/main.ts', ...args], { cwd: root }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    })
  })
}

test('a server with a history that keeps every rule passes whole', async () => {
  await using model = new Model()

  const results = await runCases(cases, optionsFor(await model.listen()), () => undefined)

  assert.deepEqual(idsOf(results, 'FAIL'), [])
  const skipped = results.filter(({ outcome }) => outcome === 'skip')
  assert.ok(skipped.every(({ case: { needs } }) => needs?.includes('no-history')))
})

/** A server that lets so many publishes in at once, and as many a second, as a limit in a proxy does. */
class Limits extends Model {
  readonly #most = 40
  #left = this.#most
  #at = Date.now()
  refused = 0

  override async publish(...[request, response]: Parameters<Model['publish']>) {
    const now = Date.now()
    this.#left = Math.min(this.#most, this.#left + ((now - this.#at) * this.#most) / 1000)
    this.#at = now
    if (this.#left < 1) {
      this.refused += 1
      response.setHeader('Retry-After', '1')
      this.readAway(request)
      this.problem(response, 429, 'too-many')
      return
    }
    this.#left--
    await super.publish(request, response)
  }
}

test('a server that limits publishes is judged by what it answers after Retry-After', async () => {
  await using model = new Limits()

  const results = await runCases(cases, optionsFor(await model.listen()), () => undefined)

  assert.deepEqual(idsOf(results, 'FAIL'), [])
  assert.ok(model.refused > 0)
})

test("the lab's own server passes whole with the memory bus; what is skipped needs a history", async () => {
  using lab = await startLab({ HEARTBEAT_MS: '200', CORS_ORIGINS: 'http://page.example' })

  const results = await runCases(cases, optionsFor(lab.base), () => undefined)

  assert.deepEqual(idsOf(results, 'FAIL'), [])
  const skipped = results.filter(({ outcome }) => outcome === 'skip')
  assert.ok(skipped.every(({ case: { needs } }) => needs?.includes('history')))
})

test('there are at least forty cases; ids and names are unique, and each has a reason of one line', () => {
  assert.ok(cases.length >= 40)
  for (const part of ['id', 'name'] as const)
    assert.equal(new Set(cases.map(it => it[part])).size, cases.length)
  for (const { id, name, why } of cases) {
    assert.match(id, /^[a-z]+\/[a-z0-9-]+$/)
    assert.match(`${name}: ${why}`, /^[^\r\n]+[^.\r\n]$/)
  }
})

test('docs/conformance.md lists the cases as they are', async () => {
  const page = await readFile(`${root}/docs/conformance.md`, 'utf8')

  assert.deepEqual(rows(page), rows(casesTable(cases)), 'node conformance/main.ts --list prints the table')
})

test('the report has a line for each case, a reason below a failure, and the counts at the end', async () => {
  class WithoutDate extends Model {
    override async route(...[request, response]: Parameters<Model['route']>) {
      response.sendDate = false
      await super.route(request, response)
    }
  }
  await using server = new WithoutDate()
  const { origin } = await server.listen()

  const { code, out } = await command('--url', origin, '--only', 'headers/')

  assert.equal(code, 0)
  assert.match(out, /^ok {4}headers\/cache-control {2}\[lab\] Cache-Control is no-store, no-transform$/m)
  assert.match(
    out,
    /^FAIL {2}headers\/date {2}\[should\] .*\n {8}Date: wanted a date, saw nothing\n {8}why it matters: /m,
  )
  assert.match(out, /\n11 passed, 1 failed, 0 skipped\n1 failed, 1 cause: 1 SHOULD \(headers\/date\)\n$/)
  assert.equal((await command('--url', origin, '--only', 'headers/date', '--strict')).code, 1)
})

test('with --rules standard only the rules of the standard run', async () => {
  await using server = new Model()
  const options = { ...optionsFor(await server.listen()), rules: 'standard', only: 'framing/' } as const

  const results = await runCases(cases, options, () => undefined)

  assert.deepEqual([...new Set(results.map(({ case: { rule } }) => rule))], ['must'])
  assert.deepEqual(idsOf(results, 'FAIL'), [])
})

test('without a way to publish, what needs it is skipped, and the rest is judged', async () => {
  await using server = new Model()
  const { origin } = await server.listen()

  const { code, out } = await command('--url', origin, '--publish', 'none', '--rules', 'standard')

  assert.equal(code, 0, out)
  assert.match(out, /^skip {2}framing\/cr {2}.*: there is no way to publish/m)
  assert.match(out, /^[1-9]\d* passed, 0 failed, [1-9]\d* skipped$/m)
})

test('a server with other paths is spoken to on them', async () => {
  class Elsewhere extends Model {
    override async route(...[request, response]: Parameters<Model['route']>) {
      const { url = '' } = request
      request.url = url === '/send' ? '/events' : url.replace('/hub?t=', '/events?topic=')
      await super.route(request, response)
    }
  }
  await using server = new Elsewhere()
  const { origin } = await server.listen()

  const args = ['--stream', '/hub?t={topic}', '--publish', 'POST /send', '--only', 'framing/']
  const { code, out } = await command('--url', origin, ...args)

  assert.equal(code, 0, out)
})

test('an address where nothing answers is one line that says so', async () => {
  const { code, out, err } = await command('--url', `http://127.0.0.1:${await freePort()}`)

  assert.deepEqual([code, out], [2, ''])
  assert.match(
    err,
    /^conformance: no HTTP server answers at http:\/\/127\.0\.0\.1:\d+ \(connect ECONNREFUSED [^)]*\): start it.*\n$/,
  )
})

const holders: [how: string, Server: new () => Model, says: RegExp][] = [
  [
    'whole',
    HoldsStream,
    /sent no byte of an answer within 2 s: something on the way holds the stream back \(proxy buffering/,
  ],
  [
    'behind its head',
    HoldsBody,
    /is open, and no byte of it has come: something on the way holds the stream back \(proxy buffering/,
  ],
]
for (const [how, Holder, says] of holders) {
  test(`a stream that is held ${how} fails, and the report says so`, { timeout: 60_000 }, async () => {
    await using server = new Holder()
    const { origin } = await server.listen()

    const { code, out, err } = await command('--url', origin, '--only', 'http/whole')

    assert.deepEqual([code, err], [1, ''])
    assert.match(out, says)
    assert.match(out, /^0 passed, [1-9]\d* failed, 0 skipped$/m)
  })
}

test('what a held stream would have said of itself is not made up', { timeout: 60_000 }, async () => {
  await using server = new HoldsStream()
  const { origin } = await server.listen()

  const { code, out } = await command('--url', origin, '--only', 'replay/exact', '--rules', 'all')

  assert.equal(code, 1)
  assert.match(
    out,
    /^skip {2}replay\/exact .*: no stream says hello, so nobody knows whether there is a history$/m,
  )
})

const wrongArguments: [args: string[], says: RegExp][] = [
  [[], /--url is missing/],
  [['--url', 'localhost:8080'], /--url must be a server .*http:\/\/localhost:8080.*got localhost:8080/],
  [['--url', 'ftp://a'], /--url must be a server or a stream.*got ftp:\/\/a/],
  [['--url', 'http://a/hub', '--stream', '/b'], /--url has a path \(\/hub\), and --stream another \(\/b\)/],
  [['--url', 'http://a', '--stream', 'events'], /--stream must be a path/],
  [['--url', 'http://a', '--publish', 'events'], /--publish must be like 'POST \/events', or none/],
  [['--url', 'http://a', '--origin', 'a.example'], /--origin must be an origin/],
  [['--url', 'http://a', '--rules', 'some'], /--rules must be auto, all or standard/],
  [['--url', 'http://a', '--header', 'secret'], /--header must be like 'Name: value'$/m],
  [
    ['--url', 'http://a', '--ca', '/none.pem'],
    /--ca must be a file with certificates \(cannot read \/none\.pem\)/,
  ],
  [['--url', 'http://a', '--data', 'xml'], /--data must be auto, text or json/],
  [['--url', 'http://a', '--publish-body', '{"a":1}'], /--publish-body must hold \{\{data\}\}/],
  [['--url', 'http://a', '--only', 'nothing/'], /--only: no case begins with nothing\//],
  [['--ulr', 'http://a'], /--ulr.*there are --url/],
]
for (const [args, says] of wrongArguments) {
  test(`the arguments ${JSON.stringify(args)} are refused in one line that names the fix`, async () => {
    const { code, out, err } = await command(...args)

    assert.deepEqual([code, out], [2, ''])
    assert.match(err, says)
    assert.match(err, /^conformance: [^\n]+\n$/)
  })
}
