import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import express from 'express'
import { pino } from 'pino'
import { listen } from '../test/support/listen.ts'
import { call } from '../test/support/publish.ts'
import { until } from '../test/support/until.ts'
import { labCalls, type Act } from './lab.ts'
import { answerProblem } from './problem.ts'
import type { WorkerStatus } from './workers.ts'

const log = pino({ level: 'silent' })

function status(host: string, instance: number, pid: number): WorkerStatus {
  const counts = {
    connections: 0,
    delivered: 0,
    published: 0,
    busLagMs: null,
    eventLoopDelayMs: 0,
    rssBytes: 1,
  }
  return { worker: `${host}/${instance}`, instance, pid, host, bus: 'streams', ready: true, ...counts }
}

/** A host with the lab's calls, which notes whom it was to end. */
async function start(t: TestContext, host: string, workers: WorkerStatus[], port = 1, enabled = true) {
  const acts: Parameters<Act>[] = []
  const report: { text: string | null } = { text: null }
  const app = express()
  app.use(
    '/api/lab',
    labCalls({
      enabled,
      origins: ['http://localhost:8080'],
      listWorkers: async () => workers,
      host,
      port,
      act: async (...words) => void acts.push(words),
      readReport: async () => report.text,
      log,
    }),
  )
  app.use(answerProblem(log))
  const server = createServer(app)
  const own = await listen(server)
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { base: `http://127.0.0.1:${own}/api/lab`, port: own, report, acts }
}

const json = { 'content-type': 'application/json' }
const strike = async (base: string, body: unknown, headers: Record<string, string> = json) =>
  await call('POST', `${base}/workers`, { headers, body: JSON.stringify(body) })

test('a worker of this host is ended by the pid of the list, after the answer', async t => {
  const lab = await start(t, 'a', [status('a', 0, 11), status('a', 1, 12)])

  assert.equal((await strike(lab.base, { worker: 'a/1', act: 'kill' })).status, 202)
  assert.equal((await strike(lab.base, { worker: 'a/0', act: 'reload' })).status, 202)

  await until('both', 2000, () => lab.acts.length === 2)
  assert.deepEqual(
    lab.acts.map(([act, { pid }]) => [act, pid]),
    [
      ['kill', 12],
      ['reload', 11],
    ],
  )
})

test('a worker of another host is ended by that host, and what was forwarded once is not again', async t => {
  const workers = [status('127.0.0.1', 0, 11), status('elsewhere', 0, 12)]
  const far = await start(t, '127.0.0.1', workers)
  const near = await start(t, 'near', workers, far.port)

  assert.equal((await strike(near.base, { worker: '127.0.0.1/0', act: 'kill' })).status, 202)
  await until('the far one', 2000, () => far.acts.length === 1)
  const again = await strike(
    near.base,
    { worker: 'elsewhere/0', act: 'kill' },
    { ...json, 'x-lab-forwarded': '1' },
  )

  assert.equal(again.status, 400)
  assert.equal(near.acts.length, 0)
})

test('what is wrong gets problem details that name the field, and nobody is ended', async t => {
  const lab = await start(t, 'a', [status('a', 0, 11)])
  const cases: [unknown, Record<string, string>, number, RegExp][] = [
    [{ worker: 'a/7', act: 'kill' }, json, 400, /names no live worker/],
    [{ worker: 'a/0', act: 'explode' }, json, 400, /act is/],
    [{ worker: 'a/0', act: 'kill', pid: 1 }, json, 400, /must be/],
    [{ worker: 'a/0', act: 'kill' }, { 'content-type': 'text/plain' }, 415, /application\/json/],
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
  const lab = await start(t, 'a', [status('a', 0, 11)], 1, false)

  assert.equal(Object(JSON.parse((await call('GET', lab.base)).body)).lab, false)
  assert.equal((await strike(lab.base, { worker: 'a/0', act: 'kill' })).status, 404)
  assert.equal((await call('GET', `${lab.base}/scenarios`)).status, 404)
  assert.equal(lab.acts.length, 0)
})
