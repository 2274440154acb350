import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import express from 'express'
import { listen } from '@sse-lab/testkit/listen.ts'
import { docsSite } from './docs.ts'

let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sse-lab-site-'))
  await mkdir(join(folder, 'scenarios'))
  await mkdir(join(folder, 'assets'))
  for (const file of ['index', '404', 'symptoms', 'scenarios/index', 'scenarios/fan-out']) {
    await writeFile(join(folder, `${file}.html`), file)
  }
  await writeFile(join(folder, 'assets', 'app.1234.js'), '1')
})

after(() => rm(folder, { recursive: true, force: true }))

async function serve(site: string): Promise<AsyncDisposable & { base: string }> {
  const app = express()
  app.use(docsSite(site))
  const server = createServer(app)
  const port = await listen(server)
  return {
    base: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

test('a page of the docs has an address without .html, and a policy that runs no script of the page itself', async () => {
  await using lab = await serve(folder)
  for (const [path, text] of [
    ['/docs/', 'index'],
    ['/docs', 'index'],
    ['/docs/symptoms', 'symptoms'],
    ['/docs/scenarios/fan-out', 'scenarios/fan-out'],
    ['/docs/scenarios', 'scenarios/index'],
  ] as const) {
    const answer = await fetch(lab.base + path)
    assert.deepEqual([answer.status, await answer.text()], [200, text], path)
    assert.doesNotMatch(answer.headers.get('content-security-policy') ?? '', /script-src|unsafe-eval/)
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'self';/)
    assert.equal(answer.headers.get('cache-control'), 'no-cache')
  }
})

test('what is asked for without the slash of its folder is sent there, so that relative links work', async () => {
  await using lab = await serve(folder)
  for (const path of ['/docs', '/docs/scenarios']) {
    const answer = await fetch(lab.base + path, { redirect: 'manual' })
    assert.deepEqual([answer.status, answer.headers.get('location')], [301, `${path}/`])
  }
})

test('files whose name has their hash are kept for a year', async () => {
  await using lab = await serve(folder)
  const answer = await fetch(`${lab.base}/docs/assets/app.1234.js`)
  assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable')
})

test('a page that is not there is answered 404 with the page of the docs that says so', async () => {
  await using lab = await serve(folder)
  for (const path of ['/docs/nothing', '/docs/scenarios/nothing', '/docs/assets/app.0000.js']) {
    const answer = await fetch(lab.base + path)
    assert.deepEqual([answer.status, await answer.text()], [404, '404'], path)
    assert.match(answer.headers.get('content-security-policy') ?? '', /^default-src 'self';/)
  }
})

test('where the docs are not built, the call goes on to the rest of the server', async () => {
  await using lab = await serve(join(folder, 'nowhere'))
  const answer = await fetch(`${lab.base}/docs/symptoms`)
  assert.match(await answer.text(), /Cannot GET/)
})
