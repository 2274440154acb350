import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { afterEach, test } from 'node:test'
import {
  docker,
  fixed,
  network,
  serverContainers,
  stackReady,
  startNginx,
  broken,
} from '@sse-lab/testkit/stack.ts'
import { k6, type Run } from './k6.ts'

/** Every script once, small, on the stack; and each told the wrong thing, to see that it can fail. */
const small = { STREAMS: '60', RATE: '20', DURATION: '2s' }

afterEach(async () => {
  await stackReady()
})

function row({ report, output }: Run, side: string, script?: string) {
  const found = report?.rows.find(it => it.side.name === side && it.script === (script ?? it.script))
  assert.ok(found, output)
  return found
}

test('fanout loses nothing on the fixed side, and on the broken exactly what the shares of the workers foretell', async () => {
  await stackReady()

  const run = await k6('fanout', { ...small, SIDES: 'fixed,broken' })

  assert.equal(run.code, 0, run.output)
  const { report: good } = row(run, 'fixed')
  assert.deepEqual([good.streams, good.published, good.delivered], [60, 40, 2400])
  assert.deepEqual([good.lost, good.doubled, good.disordered, good.foreign], [0, 0, 0, 0])
  assert.equal(good.workers.length, 4)
  assert.ok(good.latencyP99Ms > 0 && good.latencyP99Ms >= good.latencyP50Ms)
  const { report: bad } = row(run, 'broken')
  assert.ok(bad.lost > 0)
  assert.deepEqual([bad.lost, bad.unexplained], [bad.lostPredicted, 0])
  assert.ok(Math.abs(bad.lostRate - bad.lostRatePredicted) < 1e-9)
  assert.match(run.output, /script +side +workers +streams[^\n]+p99 ms/)
  for (const { workers, lost } of [good, bad])
    assert.equal(
      workers.reduce((sum, worker) => sum + worker.lost, 0),
      lost,
    )
  assert.ok(good.workers.every(({ latencyP50Ms, latencyP99Ms }) => latencyP50Ms > 0 && latencyP99Ms > 0))
  assert.match(run.page ?? '', /<td>2,400 of 2,400<\/td>/)
  for (const side of ['fixed', 'broken'])
    assert.match(
      run.output,
      new RegExp(`fanout, ${side}: 60 of 60 streams are open[^]+fanout, ${side}: all is published`),
    )
})

test('fanout that is told to expect nothing lost fails on the broken side, and names a lost event', async () => {
  await stackReady()

  // What is lost never comes: three seconds are as good as thirty.
  const run = await k6('fanout', { ...small, COMPLETE: '3s', URL: broken })

  assert.equal(run.code, 99, run.output)
  assert.match(
    run.report?.wrong.join('\n') ?? '',
    /given: \d+ of 2400 deliveries were lost, as event \d+ of p\d/,
  )
})

test('fanout that is told of a loss fails on the fixed side, where there is none', async () => {
  await stackReady()

  const run = await k6('fanout', { ...small, SIDES: 'broken', BROKEN_URL: fixed })

  assert.equal(run.code, 99, run.output)
  assert.match(run.report?.wrong.join('\n') ?? '', /nothing was lost, although/)
})

test('streams that nobody answers are a failure, not an idle success', async () => {
  const run = await k6('fanout', { STREAMS: '5', RATE: '5', DURATION: '1s', URL: 'http://nginx:9' })

  assert.equal(run.code, 99, run.output)
  assert.match(run.report?.wrong.join('\n') ?? '', /5 of 5 streams did not open.*\n.*nothing was published/)
})

/** nginx' configuration with the shortest patience for quiet streams. */
function brief(text: string): string {
  return text
    .replace('proxy_read_timeout 60s', 'proxy_read_timeout 2s')
    .replace('proxy_ignore_headers', 'proxy_read_timeout 2s;\n        proxy_ignore_headers')
}

test('quiet: with a heartbeat silent streams outlive the proxy, without one each is cut at its timeout', async () => {
  await stackReady()
  await using nginx = await startNginx('brief', brief)
  assert.ok(nginx.getId())
  const urls = { FIXED_URL: 'http://brief', BROKEN_URL: 'http://brief:8081' }

  const knobs = { STREAMS: '40', QUIET: '6s', COMPLETE: '3s' }
  const [run, wrong] = await Promise.all([
    k6('quiet', { ...knobs, SIDES: 'fixed,broken', ...urls }),
    k6('quiet', { ...knobs, URL: 'http://brief:8081' }),
  ])

  assert.equal(run.code, 0, run.output)
  assert.equal(row(run, 'fixed').report.cuts, 0)
  const { report } = row(run, 'broken')
  assert.ok(report.cuts >= 40)
  // The timeout counts from nginx' last read, the stream from when k6 saw it open: a little later.
  assert.ok(report.cutAfterMinMs >= 1000 && report.cutAfterMinMs < 6000, `${report.cutAfterMinMs} ms`)
  assert.equal(wrong.code, 99, wrong.output)
  assert.match(wrong.report?.wrong.join('\n') ?? '', /\d+ streams were cut/)
})

test('reconnect: while workers are reloaded nothing is lost, and the herd that returns is counted', async () => {
  await stackReady()
  const servers = await serverContainers()
  const struck: Promise<string>[] = []

  const run = await k6('reconnect', { STREAMS: '60', RATE: '20', DURATION: '15s' }, line => {
    if (!line.includes('strike now') || struck.length > 0) return
    struck.push(
      ...servers.map(async server => await docker('exec', server, 'npx', 'pm2', 'reload', 'server')),
    )
  })
  await Promise.all(struck)

  assert.equal(run.code, 0, run.output)
  const { report } = row(run, 'fixed')
  assert.deepEqual([report.lost, report.doubled, report.disordered, report.gaps], [0, 0, 0, 0])
  assert.ok(report.cuts >= 60 && report.returns >= 60, JSON.stringify(report))
  assert.ok(report.returnsPeakPer100Ms > 0 && report.returnsPeakPer100Ms < 60)
  assert.match(run.output, /herd +cut +returned +most in 100 ms/)
})

test('capacity goes through its steps, says what a stream and a delivery cost, and names the limit it met', async () => {
  await stackReady()

  const run = await k6('capacity', { STEPS: '40,80', RATE: '20', DURATION: '2s' })
  const limited = await k6('capacity', {
    STEPS: '40,80',
    RATE: '20',
    DURATION: '1s',
    LATENCY_MS_MAX: '1',
    PADDING: '30000',
  })

  assert.equal(run.code, 0, run.output)
  assert.deepEqual(
    run.report?.costs?.map(({ streams, limit }) => [streams, limit]),
    [
      [40, 'held'],
      [80, 'held'],
    ],
  )
  for (const { deliveryUs } of run.report.costs ?? []) assert.ok(deliveryUs > 0)
  assert.equal(limited.code, 0, limited.output)
  assert.equal(limited.report?.costs?.length, 1)
  assert.match(limited.output, /p99 \d+ ms is above 1 ms/)
})

test('load-test puts fanout and quiet into one table, and fails where one of them does', async () => {
  await stackReady()

  const run = await k6('load-test', { ...small, QUIET: '3s', SIDES: 'fixed' })
  const uncut = await k6('load-test', { ...small, QUIET: '3s', SIDES: 'fixed,broken' })

  assert.equal(run.code, 0, run.output)
  assert.deepEqual(
    run.report?.rows.map(({ script, side }) => [script, side.name]),
    [
      ['fanout', 'fixed'],
      ['quiet', 'fixed'],
    ],
  )
  assert.equal(uncut.code, 99, uncut.output)
  assert.match(
    uncut.report?.wrong.join() ?? '',
    /^quiet, broken: expected all 60 idle streams to be cut, 0 were: QUIET=3s is shorter than the 60 s after/,
  )
})

test('a bad knob is one error that names every bad one, before a stream is opened', async () => {
  const run = await k6('fanout', { STREAMS: '0', RATE: 'fast', DURATION: '10' })

  assert.notEqual(run.code, 0)
  assert.match(run.output, /STREAMS must be an integer.*RATE must be.*fast.*DURATION must be a time like 30s/)
})

test('the script of your own in docs/load.md runs as it stands there, and passes its thresholds', async () => {
  await stackReady()
  const page = await readFile(new URL('../../../docs/load.md', import.meta.url), 'utf8')
  const [, script] = /```js\n(.*?)```/s.exec(page) ?? []
  assert.ok(script)

  const child = spawn('docker', [
    'run',
    '--rm',
    '--interactive',
    '--network',
    network,
    'sse-lab/k6',
    'run',
    '-',
  ])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', data => (output += String(data)))
  child.stdin.end(script)
  await once(child, 'close')

  assert.equal(child.exitCode, 0, output)
  assert.match(output, /sse_settled\.*: 1 /)
  assert.match(output, /from.*me.*n.*1/)
})

test('the k6 image says its versions, and needs no network', async () => {
  const printed = await docker('run', '--rm', '--network', 'none', 'sse-lab/k6', 'version')

  assert.match(printed, /k6 v2\.2\.0[^]*k6\/x\/eventsource/)
})
