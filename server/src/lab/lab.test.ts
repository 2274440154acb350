import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import express from 'express'
import { pino } from 'pino'
import { listen } from '@sse-lab/testkit/listen.ts'
import { call } from '@sse-lab/testkit/publish.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { labCalls } from './lab.ts'
import { answerErrors } from '../http/call-errors.ts'
import type { WorkerStatus } from '../cluster/worker-status.ts'

const log = pino({ level: 'silent' })

function status(host: string, server: string, instance: number, pid: number): WorkerStatus {
  const counts = {
    connections: 0,
    delivered: 0,
    published: 0,
    busLagMs: null,
    eventLoopDelayMs: 0,
    rssBytes: 1,
  }
  const worker = `${host}/${server}/${instance}`
  return { worker, instance, pid, host, server, bus: 'streams', ready: true, ...counts }
}

type Acts = ['kill' | 'reload' | 'restart', number][]
const others = '0000ff'

/** A server with the lab's calls, which notes what it was to end. Processes below 100 are its own. */
async function start(
  t: TestContext,
  server: string,
  workers: WorkerStatus[],
  port = 1,
  { enabled = true, restarts = true } = {},
) {
  const acts: Acts = []
  const report: { text: string | null } = { text: null }
  const app = express()
  app.use(
    '/api/lab',
    labCalls({
      enabled,
      origins: ['http://localhost:8080'],
      bus: 'streams',
      brokenTimeoutMs: 60_000,
      restarts,
      listWorkers: async () => workers,
      server,
      port,
      isOwnProcess: async pid => pid < 100,
      endProcess: (...words) => void acts.push(words),
      endContainer: () => void acts.push(['restart', 1]),
      readReport: async () => report.text,
      log,
    }),
  )
  app.use(answerErrors(log))
  const http = createServer(app)
  const own = await listen(http)
  t.after(() => {
    http.closeAllConnections()
    http.close()
  })
  return { base: `http://127.0.0.1:${own}/api/lab`, port: own, report, acts }
}

const json = { 'content-type': 'application/json' }
const strike = async (base: string, body: unknown, headers: Record<string, string> = json) =>
  await call('POST', `${base}/workers`, { headers, body: JSON.stringify(body) })

test('a worker of this server is ended by the pid of the list, after the answer', async t => {
  const lab = await start(t, 'aaaaaa', [status('a', 'aaaaaa', 0, 11), status('a', 'aaaaaa', 1, 12)])

  assert.equal((await strike(lab.base, { worker: 'a/aaaaaa/1', act: 'kill' })).status, 202)
  assert.equal((await strike(lab.base, { worker: 'a/aaaaaa/0', act: 'reload' })).status, 202)

  await until('both', 2000, () => lab.acts.length === 2)
  assert.deepEqual(lab.acts, [
    ['kill', 12],
    ['reload', 11],
  ])
})

test('a container is ended whole, after the answer, where somebody starts it again', async t => {
  const lab = await start(t, 'aaaaaa', [status('a', 'aaaaaa', 0, 11)])

  assert.equal((await strike(lab.base, { worker: 'a/aaaaaa/0', act: 'restart' })).status, 202)

  await until('the end', 2000, () => lab.acts.length === 1)
  assert.deepEqual(lab.acts, [['restart', 1]])
})

test('a server that nobody would start again is not ended', async t => {
  const lab = await start(t, 'aaaaaa', [status('a', 'aaaaaa', 0, 11)], 1, { restarts: false })

  const answer = await strike(lab.base, { worker: 'a/aaaaaa/0', act: 'restart' })

  assert.equal(answer.status, 400)
  assert.match(answer.body, /nobody would start this server again/)
  assert.deepEqual(lab.acts, [])
})

test('a process that this server has not started is not ended, whatever the list says', async t => {
  const lab = await start(t, 'aaaaaa', [status('a', 'aaaaaa', 9, 100)])

  const answer = await strike(lab.base, { worker: 'a/aaaaaa/9', act: 'kill' })

  assert.equal(answer.status, 400)
  assert.match(answer.body, /names no process of its server/)
  assert.deepEqual(lab.acts, [])
})

test('a worker of another server is ended by that server, and what was forwarded once is not again', async t => {
  const workers = [status('localhost', others, 0, 11), status('elsewhere', 'bbbbbb', 0, 12)]
  const far = await start(t, others, workers)
  const near = await start(t, 'aaaaaa', workers, far.port)

  assert.equal((await strike(near.base, { worker: `localhost/${others}/0`, act: 'kill' })).status, 202)
  await until('the far one', 2000, () => far.acts.length === 1)
  const again = await strike(
    near.base,
    { worker: 'elsewhere/bbbbbb/0', act: 'kill' },
    { ...json, 'x-lab-forwarded': '1' },
  )

  assert.equal(again.status, 400)
  assert.equal(near.acts.length, 0)
})

test('a worker with the same host name, of another server, is not ended here', async t => {
  const workers = [status('localhost', 'aaaaaa', 0, 11), status('localhost', others, 0, 11)]
  const near = await start(t, 'aaaaaa', workers)

  const answer = await strike(near.base, { worker: `localhost/${others}/0`, act: 'kill' })

  assert.equal(answer.status, 503)
  assert.deepEqual(near.acts, [])
})

test('a call is forwarded to a host name only, and to no path, port, user or address', async t => {
  const seen: string[] = []
  const listener = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    response.end()
  })
  const port = await listen(listener)
  t.after(() => listener.close())
  const hosts = [
    `127.0.0.1:${port}/any/path?`,
    `localhost:${port}`,
    'localhost/any',
    'localhost?',
    'localhost#',
    'user@localhost',
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '[::1]',
    '::1',
    'localhost\\x',
    'local\thost',
    'local host',
    'localhost%2e',
    '１２７.0.0.1',
    '',
    '.',
    'x'.repeat(254),
  ]
  const lab = await start(
    t,
    'aaaaaa',
    hosts.map((host, n) => status(host, others, n, 11)),
    port,
  )

  for (const [n, host] of hosts.entries()) {
    const answer = await strike(lab.base, { worker: `${host}/${others}/${n}`, act: 'kill' })
    assert.equal(answer.status, 400, host)
  }

  assert.deepEqual(seen, [])
})

test('what is wrong gets problem details that name the field, and nobody is ended', async t => {
  const lab = await start(t, 'aaaaaa', [status('a', 'aaaaaa', 0, 11)])
  const cases: [unknown, Record<string, string>, number, RegExp][] = [
    [{ worker: 'a/aaaaaa/7', act: 'kill' }, json, 400, /names no live worker/],
    [{ worker: 'a/aaaaaa/0', act: 'explode' }, json, 400, /act is/],
    [{ worker: 'a/aaaaaa/0', act: 'kill', pid: 1 }, json, 400, /must be/],
    [{ worker: 'a/aaaaaa/0', act: 'kill' }, { 'content-type': 'text/plain' }, 415, /application\/json/],
  ]
  for (const [body, headers, expected, detail] of cases) {
    const answer = await strike(lab.base, body, headers)
    assert.equal(answer.status, expected)
    assert.match(answer.body, detail)
  }
  assert.equal(lab.acts.length, 0)
})

test('it says that it is a lab, and to whom its sides belong; a stranger may not read it', async t => {
  const lab = await start(t, 'a', [])

  const own = await call('GET', lab.base, { headers: { origin: 'http://localhost:8080' } })
  const stranger = await call('GET', lab.base, { headers: { origin: 'http://elsewhere' } })

  assert.deepEqual(JSON.parse(own.body), {
    lab: true,
    origins: ['http://localhost:8080'],
    report: false,
    bus: 'streams',
    brokenTimeoutMs: 60_000,
    restarts: true,
  })
  assert.equal(own.headers['access-control-allow-origin'], 'http://localhost:8080')
  assert.equal(stranger.headers['access-control-allow-origin'], undefined)
})

test('the report of the last run is given as it is, and its absence says how to make one', async t => {
  const lab = await start(t, 'a', [])
  const before = await call('GET', `${lab.base}/scenarios`)
  lab.report.text = '{"scenarios":[]}'

  const after = await call('GET', `${lab.base}/scenarios`)

  assert.equal(before.status, 404)
  assert.match(before.body, /make scenarios/)
  assert.deepEqual([after.status, after.body], [200, '{"scenarios":[]}'])
})

test('without LAB=1 it says so, and nobody is ended', async t => {
  const lab = await start(t, 'aaaaaa', [status('a', 'aaaaaa', 0, 11)], 1, { enabled: false })

  assert.equal(Object(JSON.parse((await call('GET', lab.base)).body)).lab, false)
  assert.equal((await strike(lab.base, { worker: 'a/aaaaaa/0', act: 'kill' })).status, 404)
  assert.equal((await call('GET', `${lab.base}/scenarios`)).status, 404)
  assert.equal(lab.acts.length, 0)
})
