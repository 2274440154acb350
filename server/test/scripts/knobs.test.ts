import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { readConfig } from '../../src/config.ts'
import { Copy } from './fakes.ts'

function takes(name: string, value: number): boolean {
  try {
    return Boolean(readConfig({ [name]: String(value) }))
  } catch {
    return false
  }
}

test('the knobs of .env are right as they are', async () => {
  await using copy = await Copy.make()

  assert.deepEqual(await copy.run(['scripts/knobs.sh']), { code: 0, out: '', error: '' })
})

test('every bad knob is named at once, with its value, where it stands and what to type', async () => {
  await using copy = await Copy.make()
  const env = {
    BIND: 'localhost',
    HTTP_PORT: '80a',
    BROKEN_PORT: '08081',
    BROKEN_TIMEOUT: '10',
    SERVERS: '-1',
    WORKERS: '0',
    HEARTBEAT_MS: '1e3',
    STREAM_MS: '1.5',
    DRAIN_MS: '99999999999999999999',
    CONNECTIONS_MAX: ' 5',
    NOFILE: 'unlimited',
    BUS: 'memory pubsub',
    LAB: 'yes',
    LOG_LEVEL: 'INFO',
  }

  const { code, error } = await copy.run(['scripts/knobs.sh', 'up'], env)

  assert.equal(code, 1)
  for (const [name, value] of Object.entries(env)) {
    const line = error.split('\n').find(it => it.startsWith(`knobs: ${name} `))
    assert.ok(
      line !== undefined && line.includes(`(got "${value}" from your shell, which wins over .env)`),
      `${name}: ${error}`,
    )
    assert.match(line, new RegExp(`: ${name}=[^ ]+ make up$`))
  }
  assert.equal(error.split('\n').length, Object.keys(env).length + 1, error)
})

test('a bad knob of .env is told from one of the shell, and the shell’s wins', async () => {
  await using copy = await Copy.make()
  await copy.write('.env', 'WORKERS=many\n')

  const inFile = await copy.run(['scripts/knobs.sh', 'deploy'])
  const over = await copy.run(['scripts/knobs.sh', 'deploy'], { WORKERS: '8' })

  assert.equal(
    inFile.error,
    'knobs: WORKERS must be an integer 1-256 (got "many" in .env): WORKERS=4 make deploy\n',
  )
  assert.equal(over.code, 0, over.error)
})

const ports: [string, Record<string, string>, number][] = [
  ['both sides on one port', { HTTP_PORT: '8081' }, 1],
  ['Prometheus on a port of the lab, where it is not asked for', { HTTP_PORT: '9090' }, 0],
  ['an IPv6 address', { BIND: '[::1]' }, 0],
  ['all addresses', { BIND: '0.0.0.0', OPEN: '1' }, 0],
  ['all addresses without consent', { BIND: '0.0.0.0' }, 1],
  ['another address of loopback', { BIND: '127.0.0.2' }, 0],
  ['a byte too large', { BIND: '127.0.0.256' }, 1],
  ['an empty variable, which is as good as none', { HTTP_PORT: '', BIND: '' }, 0],
]
for (const [what, env, code] of ports) {
  test(`${what}: ${code === 0 ? 'taken' : 'refused'}`, async () => {
    await using copy = await Copy.make()

    const said = await copy.run(['scripts/knobs.sh'], env)

    assert.equal(said.code, code, said.error)
  })
}

test('make observe wants a port of its own', async () => {
  await using copy = await Copy.make()

  const { error } = await copy.run(['scripts/knobs.sh', 'observe'], { HTTP_PORT: '9090' })

  assert.match(
    error,
    /^knobs: PROMETHEUS_PORT must be another port than HTTP_PORT \(got "9090" in \.env\): .* make observe$/m,
  )
})

test('the bounds of the server’s knobs are those of the server', async () => {
  const script = await readFile(new URL('../../../scripts/knobs.sh', import.meta.url), 'utf8')
  const bounds = [...script.matchAll(/^integer (\w+) (\d+) (\d+)/gm)]
  const ofServer = bounds.filter(([, name]) => /_MS$|_MAX$|^WORKERS$/.test(name ?? ''))

  assert.ok(ofServer.length >= 5, script)
  for (const [, name = '', min, max] of ofServer) {
    const answers = [Number(min) - 1, Number(min), Number(max), Number(max) + 1].map(value =>
      takes(name, value),
    )
    assert.deepEqual(answers, [false, true, true, false], name)
  }
  for (const [, name = '', words = ''] of script.matchAll(/^one_of (\w+) \w+ (.*)$/gm)) {
    const env = { REDIS_URL: 'redis://redis:6379' }
    for (const word of words.split(' ')) assert.ok(readConfig({ ...env, [name]: word }), `${name}=${word}`)
  }
})

test('make up looks at the knobs before it asks docker anything', async () => {
  await using copy = await Copy.make({ docker: 'echo "$*" >>asked; exit 1' })

  const { code, error } = await copy.run(['make', 'up', 'HTTP_PORT=80a'])

  assert.equal(code, 2)
  assert.match(error, /knobs: HTTP_PORT must be a port 1-65535 \(got "80a" from your shell/)
  await assert.rejects(readFile(`${copy.folder}/asked`), { code: 'ENOENT' })
})

const lines: [string, string][] = [
  ['HTTP_PORT=9080', '9080'],
  ['HTTP_PORT="9080"', '9080'],
  ["HTTP_PORT='9080' # ours", '9080'],
  ['  export HTTP_PORT = 9080  # ours', '9080'],
  ['HTTP_PORT=9080\r', '9080'],
  ['HTTP_PORT=1\nHTTP_PORT=9080', '9080'],
  ['MY_HTTP_PORT=1\nHTTP_PORT=\n#HTTP_PORT=2', ''],
]
for (const [line, value] of lines) {
  test(`.env is read as compose reads it: ${JSON.stringify(line)}`, async () => {
    await using copy = await Copy.make()
    await copy.write('.env', `${line}\n`)

    assert.equal((await copy.run(['scripts/pin.sh', 'HTTP_PORT'])).out, `${value}\n`)
  })
}
