import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { docker, label } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/** The two images alone, as others may start them: without compose, and with whatever docker run offers to lock them up. */
const root = fileURLToPath(new URL('../..', import.meta.url))
const started: string[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map(async name => await docker('rm', '--force', '--volumes', name)))
})

async function start(image: string, ...options: string[]): Promise<string> {
  const name = `sse-lab-alone-${randomUUID()}`
  started.push(name)
  const labels = Object.entries(label).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  await docker('run', '--detach', '--name', name, ...labels, '--env', 'OPEN=1', ...options, image)
  return name
}

async function state(name: string): Promise<{ running: boolean; exitCode: number }> {
  const printed = await docker('inspect', '--format', '{{.State.Running}} {{.State.ExitCode}}', name)
  const [running, exitCode] = printed.trim().split(' ')
  return { running: running === 'true', exitCode: Number(exitCode) }
}

async function logs(name: string): Promise<string> {
  return await docker('logs', '--tail', '400', name)
}

/** What `GET path` answers on a port inside the container: nothing there needs curl, and a network of our own is not needed. */
async function ask(name: string, port: number, path: string): Promise<string> {
  const script = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' >&3; timeout 3 cat <&3`
  return await docker('exec', name, 'bash', '-c', script)
}

/** How the container is started, in words and for docker run. */
const workable: [string, string][] = [
  ['with a read-only file system and a /tmp', '--read-only --tmpfs /tmp'],
  ['as a user that the image does not know', '--user 12345'],
  ['as root', '--user 0'],
  ['as root without any capability', '--user 0 --cap-drop ALL'],
  ['without a home', '--env HOME= --env PM2_HOME='],
  ['with a home that is not there', '--env HOME=/nowhere --user 12345:12345'],
  ['with a socket file, as a user that the image does not know', '--user 12345 --env SOCKET=/run/lab/s'],
  [
    'with all of it at once',
    '--read-only --tmpfs /tmp --user 12345:54321 --cap-drop ALL --security-opt no-new-privileges --pids-limit 100',
  ],
]

for (const [how, options] of workable) {
  test(`the server's container works ${how}, and pm2 reloads it`, async () => {
    const name = await start('sse-lab/server', '--env', 'WORKERS=2', ...options.split(' '))
    const ready = async () => ((await logs(name)).match(/"msg":"ready"/g) ?? []).length

    await until('two workers to be ready', 60_000, async () => (await ready()) === 2)
    await docker('exec', name, 'npx', 'pm2', 'reload', 'server')

    await until('two more', 60_000, async () => (await ready()) === 4)
    assert.match(await ask(name, 3000, '/healthz'), /^HTTP\/1\.1 200 /)
    assert.doesNotMatch(await logs(name), /EROFS|EACCES|ENOENT|PM2 error/)
  })
}

const unworkable: [string, string, RegExp, number][] = [
  ['nothing may be written', '--read-only', /PM2_HOME: .*EROFS.*--tmpfs \/tmp/, 78],
  ['PM2_HOME may not be made', '--env PM2_HOME=/there', /PM2_HOME: .*EACCES.*\/there/, 78],
  ['PM2_HOME belongs to another', '--env PM2_HOME=/lab --user 12345', /PM2_HOME: .*EACCES.*--tmpfs/, 78],
  ['PM2_HOME is too long for a socket', `--env PM2_HOME=/tmp/${'x'.repeat(110)}`, /PM2_HOME: .*listen/, 78],
  ['PM2_HOME is a file', '--env PM2_HOME=/etc/passwd', /PM2_HOME: .*(EEXIST|ENOTDIR)/, 78],
  ['a knob is wrong', '--env WORKERS=abc', /config: WORKERS[^]*No worker: [^]*above/, 78],
  ['there is no room for a worker', '--pids-limit 12', /No worker for 10 s: /, 1],
]

for (const [how, options, line, exitCode] of unworkable) {
  test(`the server's container ends with a line that says why where ${how}`, async () => {
    const name = await start('sse-lab/server', ...options.split(' '))

    const ended = await until('its end', 40_000, async () => {
      const now = await state(name)
      return now.running ? undefined : now
    })

    assert.match(await logs(name), line)
    assert.equal(ended.exitCode, exitCode)
  })
}

for (const [how, options] of workable.slice(0, 3)) {
  test(`nginx's container works ${how}, and reloads`, async () => {
    const name = await start('sse-lab/nginx', ...options.split(' '))

    // Nobody is behind it: a client is told to come back.
    await until('an answer on port 80', 10_000, async () => /retry: \d/.test(await ask(name, 80, '/events')))
    await docker('exec', name, 'nginx', '-e', 'stderr', '-c', '/lab/nginx.conf', '-s', 'reload')

    assert.match(await ask(name, 8081, '/'), /^HTTP\/1\.1 50\d /)
    assert.equal((await state(name)).running, true)
    assert.doesNotMatch(await logs(name), /\[(alert|emerg)\]/)
  })
}

test('nginx’s container ends with a line that says why where nothing may be written', async () => {
  const name = await start('sse-lab/nginx', '--read-only')

  await until('its end', 10_000, async () => !(await state(name)).running)

  assert.match(await logs(name), /\[emerg\].*"\/tmp\/.*Read-only file system/)
})

test('BROKEN_TIMEOUT is how long the broken side waits for a byte, and changes nothing on the fixed one', async () => {
  const name = await start('sse-lab/nginx', '--env', 'BROKEN_TIMEOUT=7s')
  await until('an answer on port 80', 10_000, async () => /retry: \d/.test(await ask(name, 80, '/events')))

  const said = await docker('exec', name, 'nginx', '-e', 'stderr', '-c', '/lab/nginx.conf', '-T')

  const timeouts = [...said.matchAll(/^ *proxy_read_timeout (\w+);/gm)].map(([, time]) => time)
  assert.deepEqual(timeouts, ['60s', '7s'])
})

/** A preload that makes each worker log a line of 1 kB each millisecond or so. PM2's own process stays as it is. */
const noise = `if (process.env.pm2_env) {
  let line = 0
  setInterval(() => { line += 1; console.log(line + ' ' + 'x'.repeat(1000)); console.error(line + ' ' + 'y'.repeat(1000)) }, 1)
}`

test('a worker that logs without an end fills no file: pm2 keeps nothing', async () => {
  const preload = `data:text/javascript,${encodeURIComponent(noise)}`
  const name = await start(
    'sse-lab/server',
    '--env',
    'WORKERS=1',
    '--env',
    `NODE_OPTIONS=--import=${preload}`,
  )
  const lines = async () =>
    Number(/(\d+) [xy]{1000}\n$/.exec(await docker('logs', '--tail', '1', name))?.[1] ?? 0)

  await until('4 MB of lines', 60_000, async () => (await lines()) > 2000)

  // Whatever this container has written since pm2's start, and where: pids and settings have some bytes each.
  const script = 'find / -xdev -type f -newer "$PM2_HOME/touch" -size +16k 2>/dev/null; true'
  assert.equal(await docker('exec', name, 'sh', '-c', script), '')
})

const composed = z.object({
  services: z.record(
    z.string(),
    z.object({
      logging: z.object({
        driver: z.enum(['json-file', 'local']),
        options: z.object({
          'max-size': z.string().regex(/^\d+[km]$/),
          'max-file': z.string().regex(/^\d$/),
        }),
      }),
    }),
  ),
})

for (const file of ['compose.yaml', 'compose.production.yaml']) {
  test(`Docker's own logs of every service of ${file} are bounded`, async () => {
    const chosen = ['--file', `${root}/${file}`, '--profile', '*']
    const printed = await docker('compose', ...chosen, 'config', '--format', 'json')

    const { services } = composed.parse(JSON.parse(printed))

    assert.ok(Object.keys(services).length >= 5, printed)
  })
}
