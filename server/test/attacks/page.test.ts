import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { port, token } from './production.ts'

const browser = await openBrowser()

after(() => browser.close())

test('the page asks for a token; with one it opens 24 streams over HTTP/2, and all of them get every event', async () => {
  await using context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  const side = page.locator('[data-side]')
  await page.goto(`https://localhost:${port}/`)
  await page.getByRole('heading', { name: 'This server asks who you are' }).waitFor()

  const topics = 'lobby,page/*'
  await page
    .getByLabel('Token', { exact: true })
    .fill(await token('page', { subscribe: topics, publish: topics }))
  await page.getByRole('button', { name: 'Sign in' }).click()

  const state = () => side.evaluate(({ dataset: { open, total, due, lost } }) => ({ open, total, due, lost }))
  const seen = await until(
    'three events, due to every stream',
    15_000,
    async () => {
      const now = await state()
      return now.open === '24' && Number(now.due) >= 3 * 24 && now
    },
    state,
  )
  assert.deepEqual([seen.open, seen.total, seen.lost], ['24', '24', '0'])
  const protocol: unknown = await page.evaluate(
    "performance.getEntriesByType('navigation').map(({ nextHopProtocol }) => nextHopProtocol)",
  )
  assert.deepEqual(protocol, ['h2'])

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'This server asks who you are' }).waitFor()
})
