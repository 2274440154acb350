import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readConfig } from '@sse-lab/server/src/config.ts'
import { environment } from '@sse-lab/server/src/environment.ts'
import { parseAllDocuments } from 'yaml'

const folder = fileURLToPath(new URL('.', import.meta.url))
const files = globSync(['*.yaml', 'example/*.yaml'], { cwd: folder }).toSorted()
const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

type Manifest = { kind: string; metadata: { name: string }; [field: string]: unknown }

// Kubernetes reads YAML 1.1, in which 0440 is octal.
const manifests = files.flatMap(file =>
  parseAllDocuments(read(file), { version: '1.1', merge: true }).map((document): Manifest => document.toJS()),
)

/** The value at a path of one manifest. */
function at(kind: string, name: string, ...path: (string | number)[]): unknown {
  let value: unknown = manifests.find(it => it.kind === kind && it.metadata.name === name)
  for (const key of path) value = Object(value)[key]
  assert.notEqual(value, undefined, `${kind} ${name}: ${path.join('.')}`)
  return value
}

const pod = (...path: (string | number)[]) => ['spec', 'template', 'spec', ...path]
const server = (...path: (string | number)[]) => at('Deployment', 'server', ...pod('containers', 0, ...path))
const settings = Object.fromEntries(
  Object.entries(Object(at('ConfigMap', 'server', 'data'))).map(([name, value]) => [name, String(value)]),
)

/** Runs kubeconform over manifests as text, against the schemas beside this file and no others. */
function kubeconform(text: string) {
  const schemas = `${folder}schemas/{{.ResourceKind}}.json`
  return spawnSync('kubeconform', ['-strict', '-summary', '-schema-location', schemas], {
    input: text,
    encoding: 'utf8',
  })
}

// In the test image it is there; in CI a test that is skipped is a failure.
const without =
  kubeconform('').error === undefined ? false : 'kubeconform is not installed (make test has it)'

test('the manifests are what Kubernetes knows', { skip: without }, () => {
  const { stdout, status } = kubeconform(files.map(read).join('\n---\n'))

  assert.equal(status, 0, stdout)
  assert.match(stdout, new RegExp(`Valid: ${manifests.length}, Invalid: 0, Errors: 0, Skipped: 0`))
})

const slips: [file: string, right: RegExp, wrong: string, said: RegExp][] = [
  ['server.yaml', /maxSurge/, 'maxSurges', /'maxSurges' not allowed/],
  ['server.yaml', /containerPort: 3000/, 'containerPort: http', /got string, want integer/],
  ['server.yaml', /selector:\n    matchLabels/, 'selectors:\n    matchLabels', /missing property 'selector'/],
  ['network-policies.yaml', /podSelector: \{\}/, 'podSelectors: {}', /'podSelectors' not allowed/],
  ['autoscaling.yaml', /averageValue/, 'averageValues', /'averageValues' not allowed/],
  ['ingress.yaml', /networking.k8s.io\/v1/, 'networking.k8s.io/v1beta1', /value must be/],
  ['redis.yaml', /kind: StatefulSet/, 'kind: StatefulSets', /could not find schema/],
]
for (const [file, right, wrong, said] of slips) {
  test(`${wrong.split('\n')[0]} in ${file} is found`, { skip: without }, () => {
    const text = read(file)
    assert.match(text, right)

    const { stdout, stderr, status } = kubeconform(text.replace(right, wrong))

    assert.equal(status, 1)
    assert.match(stdout + stderr, said)
  })
}

test('the ConfigMap is one that the server starts with, and names no variable that it does not know', () => {
  for (const name of Object.keys(settings)) assert.ok(name in environment, name)
  const config = readConfig(settings)

  assert.deepEqual([config.auth, config.bus, config.port, config.adminPort], ['jwt', 'streams', 3000, 3001])
  assert.deepEqual(server('ports'), [
    { name: 'http', containerPort: config.port },
    { name: 'admin', containerPort: config.adminPort },
  ])
})

test('a pod is killed only after preStop, its drain, and pm2’s own 3 s', () => {
  const grace = Number(at('Deployment', 'server', ...pod('terminationGracePeriodSeconds')))
  const preStop = Number(server('lifecycle', 'preStop', 'sleep', 'seconds'))
  const killTimeout = /kill_timeout: .*drainMs : 5000\) \+ (?<ms>\d+)/.exec(
    readFileSync(new URL('../../server/ecosystem.config.cjs', import.meta.url), 'utf8'),
  )?.groups?.ms

  assert.ok(grace >= preStop + (Number(settings.DRAIN_MS) + Number(killTimeout)) / 1000 + 5)
})

test('a worker for each core of the limit', () => {
  assert.equal(server('resources', 'limits', 'cpu'), settings.WORKERS)
})

test('what unsent bytes may take, and the streams, is below the memory of a pod', () => {
  const unsent = Number(settings.WORKERS) * Number(settings.UNSENT_BYTES_MAX)
  const streams = Number(settings.WORKERS) * Number(settings.CONNECTIONS_MAX) * 21 * 1024
  const workers = Number(settings.WORKERS) * (93 + 16) * 2 ** 20

  assert.equal(server('resources', 'limits', 'memory'), '1Gi')
  assert.ok(unsent + streams + workers < 2 ** 30)
})

test('the autoscaler leaves room for the streams of a pod that is lost', () => {
  const { target } = Object(at('HorizontalPodAutoscaler', 'server', 'spec', 'metrics', 0, 'external'))
  const capacity = Number(settings.WORKERS) * Number(settings.CONNECTIONS_MAX)

  assert.match(target.averageValue, /^\d+k$/)
  assert.ok(Number.parseInt(target.averageValue) * 1000 <= 0.7 * capacity)
})

for (const kind of ['Deployment', 'StatefulSet']) {
  test(`each ${kind} runs without root, capabilities, a writable root or a token of the cluster`, () => {
    const found = manifests.filter(manifest => manifest.kind === kind)

    assert.equal(found.length, 1)
    for (const { metadata } of found) {
      const of = (...path: (string | number)[]) => at(kind, metadata.name, ...pod(...path))
      assert.equal(of('securityContext', 'runAsNonRoot'), true)
      assert.deepEqual(of('securityContext', 'seccompProfile'), { type: 'RuntimeDefault' })
      assert.deepEqual(of('containers', 0, 'securityContext'), {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      assert.equal(of('automountServiceAccountToken'), false)
      assert.equal(of('enableServiceLinks'), false)
      assert.ok(of('containers', 0, 'resources', 'limits', 'memory'))
    }
  })
}

test('nobody but the server reaches Redis, and nobody but Prometheus the admin port', () => {
  const ingress = (name: string) => [at('NetworkPolicy', name, 'spec', 'ingress')].flat()

  assert.deepEqual(ingress('redis'), [
    { from: [{ podSelector: { matchLabels: { app: 'server' } } }], ports: [{ port: 6379 }] },
  ])
  const admin = ingress('server').filter(rule => JSON.stringify(rule).includes('3001'))
  assert.equal(admin.length, 1)
  assert.match(JSON.stringify(admin[0]), /"app.kubernetes.io\/name":"prometheus"/)
  assert.deepEqual(at('NetworkPolicy', 'nothing', 'spec'), {
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
  })
})

test('Redis is the pinned one, and keeps what it acknowledged', () => {
  const pin = /^REDIS_IMAGE=(?<image>.*)$/m.exec(readFileSync(new URL('../../.env', import.meta.url), 'utf8'))
    ?.groups?.image
  const args = [at('StatefulSet', 'redis', ...pod('containers', 0, 'args'))].flat().join(' ')

  assert.equal(at('StatefulSet', 'redis', ...pod('containers', 0, 'image')), pin)
  for (const words of ['--appendonly yes', '--appendfsync always', '--maxmemory-policy noeviction'])
    assert.ok(args.includes(words), words)
  // Two on one disk lose events: docs/scenarios/two-redis-on-one-disk.md.
  const command = [at('StatefulSet', 'redis', ...pod('containers', 0, 'command'))].flat().join(' ')
  assert.equal(command, 'flock --no-fork /data/one-server redis-server')
})

test('a reload of the ingress controller waits longer than a stream lasts', () => {
  const timeout = /worker-shutdown-timeout: (?<seconds>\d+)s/.exec(read('values/ingress-nginx.yaml'))?.groups

  assert.ok(Number(timeout?.seconds) * 1000 > Number(settings.STREAM_MS))
})

test('each annotation of the ingress stands under the symptom that it fixes', () => {
  const lines = read('ingress.yaml').split('\n')
  const annotations = lines.flatMap((line, place) => (/^ {4}nginx\.ingress/.test(line) ? [place] : []))

  assert.ok(annotations.length >= 5)
  for (const place of annotations) assert.match(lines[place - 1] ?? '', /^ {4}# /, lines[place])
})
