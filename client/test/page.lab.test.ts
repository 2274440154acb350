import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { stackReady } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { openPassage } from './passage.ts'
import { allOpen, shows, unfold } from './tab.ts'

/** The page as people open it, at localhost, where a browser has six connections to each of eight names. */
const ports = { fixed: 8080, broken: 8081 }
const streams = 24
/** Of the stack: two servers of two on the fixed side, one of two on the broken. */
const workers = { fixed: 4, broken: 2 }
const passages = new AsyncDisposableStack()
let browser: Browser

before(async () => {
  await stackReady()
  passages.use(await openPassage(ports.fixed, { host: 'nginx', port: 80 }))
  passages.use(await openPassage(ports.broken, { host: 'nginx', port: 8081 }))
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await passages.disposeAsync()
})

async function open(context: BrowserContext, query: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`http://localhost:${ports.fixed}/?${query}`)
  await allOpen(page, streams)
  await unfold(page)
  return page
}

async function numberOf(page: Page, side: 'broken' | 'fixed', key: string): Promise<number> {
  return Number(await page.locator(`[data-side=${side}]`).getAttribute(`data-${key}`))
}

test('without a click both sides have 24 clients on every worker, and the one number is 1 and 1/workers', async () => {
  await using context = await browser.newContext()
  const page = await open(context, '')

  await until('fifteen events on both sides', 40_000, async () => {
    const due = await Promise.all([numberOf(page, 'broken', 'due'), numberOf(page, 'fixed', 'due')])
    return due.every(count => count >= 15 * streams)
  })

  // Both numbers of one moment: the page goes on publishing.
  const share = (side: 'broken' | 'fixed'): Promise<number> =>
    page
      .locator(`[data-side=${side}]`)
      .evaluate(({ dataset: { delivered, due } }) => Number(delivered) / Number(due))
  assert.equal(await share('fixed'), 1)
  const [broken, theory] = [await share('broken'), 1 / workers.broken]
  assert.ok(Math.abs(broken - theory) <= 0.1, `${broken} of what was due, ${theory} by theory`)
  assert.equal(await numberOf(page, 'fixed', 'workers'), workers.fixed)
  assert.equal(await numberOf(page, 'broken', 'workers'), workers.broken)
})

test('each of the five experiments ends with what theory predicts', async () => {
  await using context = await browser.newContext()
  const page = await open(context, '')

  for (const name of ['publish', 'leave', 'kill', 'quiet', 'proxy']) {
    const button = page.locator(`[data-experiment=${name}]`)
    await button.click()
    await until(
      `${name} to be done`,
      120_000,
      async () => (await button.getAttribute('data-state')) === 'done',
    )
    assert.equal(
      await button.getAttribute('data-agrees'),
      'true',
      `${name}: ${await button.getAttribute('data-result')}`,
    )
  }
  const left = await page.locator('[data-experiment=leave]').getAttribute('data-result')
  assert.match(left ?? '', /^broken 0 of 5 .* fixed 5 of 5 /)
  await stackReady()
})

/** Writes down every number that the page ever shows as lost on the fixed side, from now on. */
async function watchLost(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(() => {
    const panel = document.querySelector<HTMLElement>('[data-side=fixed]')
    const seen: (string | undefined)[] = [panel?.dataset['lost']]
    if (panel)
      new MutationObserver(() => seen.push(panel.dataset['lost'])).observe(panel, {
        attributeFilter: ['data-lost'],
      })
    Object.assign(globalThis, { seenAsLost: seen })
  })
  return () => page.evaluate('seenAsLost')
}

test('with 30 events a second, killing workers five times never shows a loss on the fixed side', async () => {
  await using context = await browser.newContext()
  const page = await open(context, 'rate=30')
  const seenAsLost = await watchLost(page)
  const button = page.locator('[data-experiment=kill]')

  for (let round = 1; round <= 5; round += 1) {
    await button.click()
    await until(
      `kill ${round} to run`,
      5000,
      async () => (await button.getAttribute('data-state')) === 'running',
    )
    await until(
      `kill ${round} to be done`,
      60_000,
      async () => (await button.getAttribute('data-state')) === 'done',
    )
    assert.match((await button.getAttribute('data-result')) ?? '', /^broken 0 of /)
    await stackReady()
  }

  assert.deepEqual(new Set(await seenAsLost()), new Set(['0']))
  assert.ok((await numberOf(page, 'fixed', 'published')) > 100, 'events were published all the time')
  assert.ok((await numberOf(page, 'broken', 'lost')) > 0, 'the other side shows what it loses')
  assert.deepEqual(
    [await numberOf(page, 'fixed', 'duplicate'), await numberOf(page, 'fixed', 'out-of-order')],
    [0, 0],
  )
})

test('what is sent in one tab shows in another, with the worker that took it', async () => {
  await using context = await browser.newContext()
  const topic = randomUUID()
  const [first, second] = [
    await open(context, `rate=0&topic=${topic}`),
    await open(context, `rate=0&topic=${topic}`),
  ]

  await first.locator('#text').fill('from the first tab')
  await first.locator('#send').click()

  for (const page of [first, second]) {
    await shows(page, '#events tr .text', 'from the first tab')
    await until('its publisher', 5000, async () => {
      return Boolean(await page.locator('#events tr').first().getAttribute('data-worker'))
    })
  }
})

test('a worker that is killed from its row is replaced, and its clients come back', async () => {
  await using context = await browser.newContext()
  const page = await open(context, 'rate=0')
  const row = page.locator('#workers tr[data-row=fixed]').first()
  const [worker, old] = [await row.getAttribute('data-worker'), await row.getAttribute('data-process')]

  await row.getByRole('button', { name: /^Kill / }).click()

  await until('another process under its name', 20_000, async () => {
    const now = await page
      .locator(`#workers tr[data-worker="${worker}"]`)
      .first()
      .getAttribute('data-process')
      .catch(() => null)
    return now !== null && now !== old
  })
  await allOpen(page, streams, 20_000)
  await stackReady()
})
