import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { container, docker, label, stackReady } from '@sse-lab/testkit/stack.ts'

/** `make` against a real engine. What engines say and cannot be made to say here is in scripts/*.test.ts. */
const root = fileURLToPath(new URL('../..', import.meta.url))
const holder = `sse-lab-holder-${randomUUID()}`
after(async () => await docker('rm', '--force', holder))

function make(target: string, env: Record<string, string>): Promise<{ code: number; said: string }> {
  return new Promise(resolve => {
    execFile('make', [target], { cwd: root, env: { ...process.env, ...env } }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), said: out + err })
    })
  })
}

test('make up with a taken port says so, names who holds it, and starts nothing', async () => {
  const labels = Object.entries(label).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  const held = ['--publish', '127.0.0.1::1', '--entrypoint', 'sleep', 'sse-lab/server', '600']
  await docker('run', '--detach', '--init', '--name', holder, ...labels, ...held)
  const port = (await docker('port', holder)).trim().split(':').at(-1) ?? ''
  const project = `sse-lab-up-${randomUUID()}`

  const { code, said } = await make('up', {
    COMPOSE_PROJECT_NAME: project,
    HTTP_PORT: port,
    BROKEN_PORT: '9',
  })

  assert.equal(code, 2, said)
  assert.ok(
    said.includes(
      `ports: HTTP_PORT: port ${port} is taken by the container ${holder}. Take another: HTTP_PORT=`,
    ),
    said,
  )
  assert.doesNotMatch(said, /BROKEN_PORT|building|starting/)
  assert.equal(
    await docker('ps', '--all', '--quiet', '--filter', `label=com.docker.compose.project=${project}`),
    '',
  )
})

test('make status shows all workers and asks the ports of the host', async () => {
  const workers = await stackReady()
  const project = container('x').replace('-x-1', '')
  const host = ['--network', 'host', '--volume', '/var/run/docker.sock:/var/run/docker.sock']

  const said = await docker(
    'run',
    '--rm',
    '--init',
    ...host,
    '--env',
    `COMPOSE_PROJECT_NAME=${project}`,
    'sse-lab/test',
    'make',
    'status',
  )

  for (const { worker, pid } of workers)
    assert.match(said, new RegExp(`^${worker} +${pid} +streams +yes +\\d+ `, 'm'))
  assert.match(said, /^fixed +http:\/\/localhost:\d+ answers\nbroken +http:\/\/localhost:\d+ answers$/m)
})

test('make status where nothing runs says what to do', async () => {
  const { code, said } = await make('status', { COMPOSE_PROJECT_NAME: `sse-lab-none-${randomUUID()}` })

  assert.equal(code, 2)
  assert.match(said, /^Nothing runs: make up\n/)
})
