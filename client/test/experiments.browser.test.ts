import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { buildPage } from './page-files.ts'
import { startSides } from './sides.ts'
import { openTabIn, shows } from './tab.ts'

const browser = await openBrowser()
const files = await buildPage()

after(() => browser.close())

const button = (page: Page, name: string) => page.locator(`[data-experiment=${name}]`)

async function isIn(page: Page, name: string, state: string): Promise<void> {
  const read = () => button(page, name).getAttribute('data-state')
  await until(`${name} to be ${state}`, 15_000, async () => (await read()) === state, read)
}

test('one event: the guess, what was measured on each side, why, and lines to copy, all by keyboard', async () => {
  await using sides = await startSides(files)
  const { fixed, broken } = sides
  broken.publish = event => broken.acknowledge(event.topic, 'b/1')
  await using tab = await openTabIn(browser, fixed)
  const { page } = tab
  assert.equal(await button(page, 'publish').getAttribute('data-state'), 'idle')

  await page.getByLabel('How many clients of the broken side get it?').focus()
  await page.keyboard.press('End')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await isIn(page, 'publish', 'done')

  assert.equal(
    await button(page, 'publish').getAttribute('data-result'),
    'broken 0 of 5 (predicted 0 of 5); fixed 5 of 5 (predicted 5 of 5)',
  )
  assert.equal(await button(page, 'publish').getAttribute('data-agrees'), 'true')
  await shows(page, '.answer', '0 of 5 clients. You said 5.')
  await shows(page, '.progress', 'Publish one event: broken 0 of 5, fixed 5 of 5.')
  assert.equal(await page.locator('.why p').count(), 4)
  assert.equal(await page.locator('.why a').getAttribute('href'), '/docs/scenarios/fan-out')
})

test('the lines that fix it are copied', async () => {
  await using sides = await startSides(files)
  await using tab = await openTabIn(browser, sides.fixed)
  const { page } = tab
  await page.evaluate(() => {
    Object.defineProperty(navigator, 'clipboard', {
      value: { writeText: async (text: string) => void Object.assign(globalThis, { copied: text }) },
    })
  })
  await button(page, 'publish').click()
  await isIn(page, 'publish', 'done')

  await page
    .getByRole('button', { name: /^Copy: / })
    .first()
    .click()

  assert.match(await page.evaluate('copied'), /^\/\/ POST \/events: into Redis/)
})

test('silence: the proxy’s time is counted down, and who is cut on which side', async () => {
  await using sides = await startSides(files, { brokenTimeoutMs: 3000 })
  const { fixed, broken } = sides
  await using tab = await openTabIn(browser, fixed)
  const { page } = tab
  await shows(page, '[data-card=quiet] > p', /which takes 3 s here instead of nginx’s own 60\./)

  await button(page, 'quiet').click()
  await shows(page, '[role=timer]', /^[0-3] s of silence left$/)
  // The streams of the experiment open, and then their dots count down.
  await page.locator('[data-side=broken] .dots i[style*="--left"]').nth(4).waitFor({ timeout: 2000 })
  assert.equal(await page.locator('[data-side=broken] .dots i[style*="--left"]').count(), 5)
  assert.equal(await page.locator('[data-side=fixed] .dots i[style*="--left"]').count(), 0)
  broken.open.forEach(opened => opened.cut())
  await isIn(page, 'quiet', 'done')

  const result = await button(page, 'quiet').getAttribute('data-result')
  assert.match(
    result ?? '',
    /^broken 5 of 5 cut, after \d s without a byte \(predicted 5 of 5 cut, after 3 s/,
  )
  assert.match(result ?? '', /; fixed 0 of 5 cut \(predicted 0 of 5 cut\)$/)
})

test('while one runs the others wait, and what could not be measured says why', async () => {
  await using sides = await startSides(files)
  const { fixed, broken } = sides
  const refused = Promise.withResolvers<void>()
  broken.publish = async () => {
    await refused.promise
    return { status: 503, body: { title: 'Bus away' } }
  }
  await using tab = await openTabIn(browser, fixed)
  const { page } = tab

  await button(page, 'publish').click()
  await isIn(page, 'publish', 'running')
  assert.equal(await button(page, 'leave').getAttribute('aria-disabled'), 'true')
  // A click on what is disabled for a screen reader still reaches it.
  await button(page, 'leave').click({ force: true })
  refused.resolve()
  await isIn(page, 'publish', 'done')

  assert.equal(await button(page, 'leave').getAttribute('data-state'), 'idle')
  assert.equal(
    await button(page, 'publish').getAttribute('data-result'),
    'not measured: a side did not take the event',
  )
})
