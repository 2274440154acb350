import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import express from 'express'
import type { Browser, Page } from 'playwright-core'
import { docsSite } from '@sse-lab/server/src/http/docs.ts'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { listen } from '@sse-lab/testkit/listen.ts'

// As it is shipped: `npm run build --workspace docs`.
const site = fileURLToPath(new URL('../dist', import.meta.url))
let browser: Browser
let server: Server
let base: string

before(async () => {
  browser = await openBrowser()
  const app = express()
  app.use(docsSite(site))
  server = createServer(app)
  base = `http://127.0.0.1:${await listen(server)}/docs/`
})

after(async () => {
  await browser.close()
  server.closeAllConnections()
  server.close()
})

/** A page of the site, and everything that the console complained about on it, policy violations among it. */
async function openPage(path: string): Promise<AsyncDisposable & { page: Page; complaints: string[] }> {
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error)))
  await page.goto(base + path)
  await page.locator('.VPNavBarSearch button').first().waitFor()
  return { page, complaints, [Symbol.asyncDispose]: () => page.close() }
}

for (const path of ['', 'symptoms', 'scenarios/fan-out', 'architecture', 'decisions']) {
  test(`/docs/${path} runs under the policy of the server without a complaint`, async () => {
    await using open = await openPage(path)
    await open.page.locator('main h1').waitFor()
    assert.deepEqual(open.complaints, [])
  })
}

test('who types what they see into the search gets to the page that explains it', async () => {
  await using open = await openPage('')
  const { page, complaints } = open
  await page.locator('.VPNavBarSearch button').first().click()
  await page.locator('input.search-input').fill('stream closes after 60 seconds')
  await page.locator('.VPLocalSearchBox a[href*="/docs/scenarios/quiet-stream"]').first().click()
  await page.waitForURL(/\/docs\/scenarios\/quiet-stream/)
  assert.match(await page.locator('main h1').innerText(), /^A quiet stream is cut at the proxy/)
  assert.deepEqual(complaints, [])
})

test('the way back to the page of the lab leads out of the docs', async () => {
  await using open = await openPage('scenarios/fan-out')
  const link = open.page.getByRole('link', { name: 'The page of the lab' })
  assert.equal(await link.evaluate(element => element.getAttribute('href')), '/')
  await link.click()
  await open.page.waitForURL(url => url.pathname === '/')
})

test('a dark page is dark before its first paint', async () => {
  const context = await browser.newContext({ colorScheme: 'dark' })
  const page = await context.newPage()
  await page.goto(base, { waitUntil: 'commit' })
  await page.locator('html.dark').waitFor()
  await context.close()
})

test('an address without a page says so, with the way back', async () => {
  await using open = await openPage('nothing')
  await open.page.getByText('PAGE NOT FOUND').waitFor()
})
