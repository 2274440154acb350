import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { call } from '@sse-lab/testkit/publish.ts'
import { docker, fixed, serverContainers, stackReady } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

const port = 3100
const address = `http://localhost:${port}`
const tokenCount = 60
const whole = Array.from({ length: tokenCount }, (_, index) => `${index + 1} `).join('')

let app: ChildProcess
let browser: Browser

before(async () => {
  await stackReady()
  app = spawn(process.execPath, [fileURLToPath(new URL('server.ts', import.meta.url))], {
    env: {
      PATH: process.env.PATH,
      LAB_URL: fixed,
      PORT: String(port),
      TOKENS: String(tokenCount),
      TOKEN_MS: '50',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  await until('the application to answer', 10_000, async () => {
    return (await call('GET', `${address}/healthz`)).status === 200
  })
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  app.kill()
})

async function text(page: Page, id: string): Promise<string> {
  return (await page.textContent(`#${id}`)) ?? ''
}

/** Asks, and resolves when a quarter of the answer is there, with what is there. */
async function askAndSee(page: Page): Promise<string> {
  await page.goto(address)
  await page.click('#ask')
  return await until('a quarter of the answer', 10_000, async () => {
    const seen = await text(page, 'answer')
    return seen.split(' ').length > tokenCount / 4 && seen
  })
}

test('a reload in the middle of the answer loses no token, and the page sees the end', async () => {
  await using context = await browser.newContext()
  const page = await context.newPage()
  const seen = await askAndSee(page)

  await page.reload()
  const back = await text(page, 'answer')
  await until('the end', 20_000, async () => (await text(page, 'state')) === 'complete')

  assert.ok(seen.length < whole.length, 'it was reloaded in the middle')
  assert.ok(back.startsWith(seen), 'what was there is there at once')
  assert.equal(await text(page, 'answer'), whole)
})

test('a page that comes back after the end sees all of it, and the end', async () => {
  await using context = await browser.newContext()
  const page = await context.newPage()
  await askAndSee(page)
  const topic: string = await page.evaluate("JSON.parse(sessionStorage.getItem('answer')).topic")

  await page.goto('about:blank')
  await using stream = await TestStream.openGreeted(`${fixed}/events?topic=${encodeURIComponent(topic)}`)
  await stream.next(({ event }) => event === 'end', { withinMs: 20_000 })
  await page.goto(address)
  await until('the end', 10_000, async () => (await text(page, 'state')) === 'complete')

  assert.equal(await text(page, 'answer'), whole)
})

test('a server that is killed in the middle of the answer loses no token', async () => {
  await using context = await browser.newContext()
  const page = await context.newPage()
  await askAndSee(page)

  const containers = await serverContainers()
  await docker('kill', ...containers)
  await docker('start', ...containers)
  await until('the end', 40_000, async () => (await text(page, 'state')) === 'complete')

  assert.equal(await text(page, 'answer'), whole)
  await stackReady()
})
