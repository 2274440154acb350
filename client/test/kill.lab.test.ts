import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { stackReady } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { openPassage } from './passage.ts'

/**
 * What people do first: open many streams, publish all the time, and kill a worker. At localhost, as they do, where the
 * browser's six connections per address are the trap.
 */
const ports = { fixed: 8080, broken: 8081 }
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

const side = (port: number) => `.bench-side[aria-label="Side http://localhost:${port}"]`
const streams = 24
const rounds = 5
const returnMsMax = 10_000

async function text(page: Page, selector: string): Promise<string> {
  return (await page.textContent(selector)) ?? ''
}

async function count(page: Page, port: number, key: string): Promise<number> {
  return Number((await text(page, `${side(port)} [data-count-of="${key}"]`)).replaceAll(',', ''))
}

async function isOpen(page: Page, port: number): Promise<boolean> {
  return (await text(page, `${side(port)} .open-count`)) === `${streams} of ${streams} open`
}

async function openAll(page: Page, port: number): Promise<void> {
  for (const number of [10, 10, 1, 1, 1, 1]) await page.click(`${side(port)} [data-open="${number}"]`)
  await until('every stream to open', returnMsMax, () => isOpen(page, port))
}

/** Writes down every number that the page ever shows as lost on the fixed side, from now on. */
async function watchLost(page: Page): Promise<() => Promise<string[]>> {
  const place = `${side(ports.fixed)} [data-count-of="lost"]`
  await page.evaluate(selector => {
    const found = document.querySelector(selector)
    const shown: string[] = [found?.textContent ?? 'nothing']
    const note = (): unknown => shown.push(found?.textContent ?? 'nothing')
    if (found)
      new MutationObserver(note).observe(found, { childList: true, characterData: true, subtree: true })
    Object.assign(globalThis, { shownAsLost: shown })
  }, place)
  return () => page.evaluate('shownAsLost')
}

/** Kills a worker of the fixed side that holds streams of this tab, from its lane. Returns when one was seen to be cut. */
async function killOne(page: Page): Promise<void> {
  const returns = async () => await text(page, `${side(ports.fixed)} .returns`)
  const untouched = await returns()
  const lane = page.locator(`${side(ports.fixed)} .lanes li`, { hasText: 'of this tab' }).first()
  await lane.locator('button', { hasText: 'Kill' }).click()
  await until('a stream to be cut', 5000, async () => (await returns()) !== untouched)
}

test('with 24 streams open a side and 30 events a second, killing workers never shows a loss on the fixed side', async () => {
  await using context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`http://localhost:${ports.fixed}/?topic=${randomUUID()}`)
  for (const port of Object.values(ports)) await openAll(page, port)
  const shownAsLost = await watchLost(page)
  await page.fill('#bench-rate', '30')
  await page.click('#bench-steady')

  for (let round = 1; round <= rounds; round += 1) {
    await killOne(page)
    await until(`every stream to be back in round ${round}`, returnMsMax, () => isOpen(page, ports.fixed))
    await stackReady()
  }
  await page.click('#bench-steady')
  await until('every delivery of the fixed side', 10_000, async () => {
    const [due, received] = [
      await count(page, ports.fixed, 'due'),
      await count(page, ports.fixed, 'received'),
    ]
    return due > 0 && received === due
  })

  assert.deepEqual(new Set(await shownAsLost()), new Set(['0']))
  assert.ok((await count(page, ports.fixed, 'published')) > 100, 'events were published all the time')
  assert.ok((await count(page, ports.broken, 'lost')) > 0, 'the other side shows what it loses')
  const [doubled, disordered] = [
    await count(page, ports.fixed, 'doubled'),
    await count(page, ports.fixed, 'disordered'),
  ]
  assert.deepEqual([doubled, disordered], [0, 0])
})
