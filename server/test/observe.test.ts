import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { GenericContainer, type StartedTestContainer } from 'testcontainers'
import { z } from 'zod'
import { call } from '@sse-lab/testkit/publish.ts'
import { docker, fixed, label, network, stackReady } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

const base = 'http://observe-prometheus:9090'

let prometheus: StartedTestContainer
before(async () => {
  await stackReady()
  prometheus = await new GenericContainer('sse-lab/prometheus')
    .withNetworkMode(network)
    .withNetworkAliases('observe-prometheus')
    .withLabels(label)
    .start()
})
after(async () => {
  await prometheus.stop({ timeout: 0 })
})

/** Runs Prometheus' own tool on the files of the image. */
async function promtool(...words: string[]): Promise<string> {
  return await docker('exec', prometheus.getId(), 'promtool', ...words)
}

const vector = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }),
    ),
  }),
})

async function query(expression: string) {
  const { body } = await call('GET', `${base}/api/v1/query?query=${encodeURIComponent(expression)}`)
  return vector.parse(JSON.parse(body)).data.result
}

test('its own tool finds nothing wrong with the configuration and the rules, and every alert fires for its reason', async () => {
  assert.match(await promtool('check', 'config', 'prometheus.yml'), /SUCCESS/)
  assert.match(await promtool('check', 'rules', 'alerts.yml'), /SUCCESS: \d+ rules found/)
  // Exits with 1 if one does not, or if one fires in a healthy lab.
  assert.match(await promtool('test', 'rules', 'alerts.test.yml'), /SUCCESS/)
})

test('its own tool finds nothing wrong with /metrics', async () => {
  const { body } = await call('GET', `${fixed}/metrics`)
  const ours = body
    .split('\n')
    .filter(line => /^(# (HELP|TYPE) )?sse_/.test(line))
    .join('\n')

  const { exitCode, output } = await prometheus.exec([
    'sh',
    '-c',
    `promtool check metrics <<'END'\n${ours}\nEND`,
  ])

  assert.equal(exitCode, 0, output)
})

test('Prometheus sees the streams of every worker of both sides, each once, from one address', async () => {
  const workers = (await stackReady()).length + 2
  await using stream = await TestStream.openGreeted(`${fixed}/events?topic=observed`)
  const { worker } = await stream.greeted()

  const seen = await until('the stream in a query', 30_000, async () => {
    const found = await query(`sse_connections{worker="${worker}"} >= 1`)
    return found.length > 0 && found
  })

  assert.equal(seen.length, 1)
  assert.deepEqual(
    (await query('up')).map(({ value }) => value[1]),
    ['1'],
  )
  assert.equal((await query('sse_worker_info')).length, workers)
  assert.equal((await query('sse_worker_info{bus="memory"}')).length, 2)
})

const dashboard = z.object({
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) })),
})

test('every panel of the dashboard has figures', async () => {
  const { panels } = dashboard.parse(JSON.parse(await readFile('observe/dashboard.json', 'utf8')))
  assert.ok(panels.length > 10)

  for (const { title, targets } of panels) {
    for (const { expr } of targets) {
      // What Grafana would put in: four scrapes.
      const expression = expr.replaceAll('$__rate_interval', '20s')
      await until(`figures of ${title}: ${expr}`, 30_000, async () => (await query(expression)).length > 0)
    }
  }
})

test('every rule is loaded, and none is in error', async () => {
  const rule = z.object({ name: z.string(), health: z.string() })
  const answer = z.object({ data: z.object({ groups: z.array(z.object({ rules: z.array(rule) })) }) })

  const rules = await until('every rule to be evaluated', 20_000, async () => {
    const { body } = await call('GET', `${base}/api/v1/rules`)
    const all = answer.parse(JSON.parse(body)).data.groups.flatMap(group => group.rules)
    return all.length > 0 && all.every(({ health }) => health !== 'unknown') && all
  })

  assert.ok(rules.length >= 11)
  assert.deepEqual(
    rules.filter(({ health }) => health !== 'ok'),
    [],
  )
})
