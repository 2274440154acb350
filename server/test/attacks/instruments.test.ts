import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { compose, port, token } from './production.ts'

/** The doctor and the conformance kit against the production shape, as who runs it would point them at it: a token and a CA. */

const root = fileURLToPath(new URL('../../..', import.meta.url))
const base = `https://localhost:${port}`

let folder: string
let shared: string[]

before(async () => {
  folder = await mkdtemp(`${tmpdir()}/instruments-`)
  const ca = `${folder}/ca.pem`
  await writeFile(ca, await compose('exec', '-T', 'nginx', 'cat', '/run/tls/ca.pem'))
  // The kit takes topics of its own.
  const bearer = await token('instruments', { subscribe: '*', publish: '*' })
  shared = ['--ca', ca, '--header', `Authorization: Bearer ${bearer}`]
})
after(() => rm(folder, { recursive: true }))

function run(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  return new Promise(resolve => {
    execFile(process.execPath, args, { cwd: root }, (failed, out, error) => {
      resolve({ code: typeof failed?.code === 'number' ? failed.code : 0, out, error })
    })
  })
}

test('the doctor finds nothing broken, over HTTP/2 and with events of its own', async () => {
  const publish = 'POST /events {"topic":"room/1","data":"{data}"}'

  const ran = await run(
    'doctor/main.ts',
    '--quick',
    `--url=${base}/events?topic=room/1`,
    `--publish=${publish}`,
    ...shared,
  )

  assert.equal(ran.code, 0, ran.out + ran.error)
  assert.match(ran.out, /ok +connections: HTTP\/2/)
  assert.match(ran.out, /ok +workers: every event reaches every stream/)
})

// The proxy answers to its own names alone, and fifty streams of one subject may be more than its quota on a worker.
const meant = ['http/one-zero-without-host', 'reading/many']

test('the conformance kit fails no case but those that the production shape means', async () => {
  const ran = await run('conformance/main.ts', '--url', base, ...shared)

  assert.match(ran.out, /\d+ passed, \d+ failed/, ran.error)
  const failed = [...ran.out.matchAll(/^ *FAIL +(\S+)/gm)].map(([, id]) => String(id))
  assert.deepEqual(
    failed.filter(id => !meant.includes(id)),
    [],
    ran.out,
  )
})
