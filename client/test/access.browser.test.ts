import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import axe from 'axe-core'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { buildPage } from './page-files.ts'
import { startSides } from './sides.ts'
import { counts, openTabIn, shows } from './tab.ts'

const browser = await openBrowser()
const files = await buildPage()

after(() => browser.close())

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What axe finds wrong, with the parts of the page. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(rules)} }).then(({ violations }) =>
      violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 120)).join(' | ')))`,
  )
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in any state, ${colorScheme}`, async () => {
    await using sides = await startSides(files, { restarts: true })
    const { fixed, broken } = sides
    fixed.helloId = '0-1'
    broken.publish = event => broken.acknowledge(event.topic, 'b/1')
    await using tab = await openTabIn(browser, fixed, '/?rate=0', {
      colorScheme,
      viewport: { width: 1280, height: 900 },
    })
    const { page } = tab
    const found: Record<string, string[]> = { 'at rest': await violations(page) }
    await page.locator('#send').click()
    await counts(page, 'broken', { lost: 5 })
    found['with losses'] = await violations(page)
    const experiment = page.locator('[data-experiment=publish]')
    await experiment.click()
    found['an experiment runs'] = await violations(page)
    await until('its result', 15_000, async () => (await experiment.getAttribute('data-state')) === 'done')
    await page.locator('#scenarios-list summary').first().click()
    found['with a result'] = await violations(page)
    broken.script.push('503', '503', '503', '503', '503')
    broken.open.forEach(opened => opened.cut())
    broken.publish = () => ({ status: 503, body: { title: 'Bus away' } })
    await page.locator('#send').click()
    await shows(page, '#notices', /Bus away/)
    found['with a problem, and clients that gave up'] = await violations(page)

    for (const [state, wrong] of Object.entries(found)) assert.deepEqual(wrong, [], state)
  })
}

test('whoever wants less motion sees colors change, and nothing that moves', async () => {
  await using sides = await startSides(files)
  const { fixed } = sides
  await using tab = await openTabIn(browser, fixed, '/?rate=0', { reducedMotion: 'reduce' })
  const { page } = tab
  const moves: string[] = await page.evaluate(() =>
    [...document.querySelectorAll('*')].flatMap(it => {
      const { transitionDuration, animationName } = getComputedStyle(it)
      return transitionDuration.split(', ').every(time => time === '0s') && animationName === 'none'
        ? []
        : [it.outerHTML.slice(0, 80)]
    }),
  )

  await page.locator('#send').click()
  await counts(page, 'fixed', { delivered: 5 })

  assert.deepEqual(moves, [])
  assert.equal(await page.locator('[data-side=fixed] [data-look=got]').count(), 5)
})

/** At these sizes nothing is wider than the page, and both sides stand next to each other. */
const sizes: [string, BrowserContextOptions, string][] = [
  ['on a phone', { viewport: { width: 390, height: 844 } }, '/?rate=0'],
  ['on a small phone', { viewport: { width: 320, height: 640 } }, '/?rate=0'],
  ['at 200 % of zoom', { viewport: { width: 720, height: 450 } }, '/?rate=0'],
  ['for a room', { viewport: { width: 1440, height: 900 } }, '/?rate=0&present'],
]
for (const [where, options, path] of sizes) {
  test(`${where} the sides are next to each other, and nothing is wider than the screen`, async () => {
    await using sides = await startSides(files)
    await using tab = await openTabIn(browser, sides.fixed, path, options)
    const { page } = tab
    await page.locator('#send').click()
    await counts(page, 'fixed', { delivered: 5 })
    await page.locator('#scenarios-list summary').first().click()
    const experiment = page.locator('[data-experiment=publish]')
    await experiment.click()
    await until('its result', 15_000, async () => (await experiment.getAttribute('data-state')) === 'done')

    const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    const tops = await page
      .locator('[data-side]')
      .evaluateAll(all => all.map(it => Math.round(it.getBoundingClientRect().top)))

    assert.ok(tooWide <= 0, `${tooWide} px too wide`)
    assert.equal(tops[0], tops[1])
  })
}

/** Of a text, in CSS pixels. */
function size(page: Page): Promise<number> {
  return page
    .locator('.lead p')
    .first()
    .evaluate(it => parseFloat(getComputedStyle(it).fontSize))
}

test('with ?present the type is larger', async () => {
  await using sides = await startSides(files)
  await using plain = await openTabIn(browser, sides.fixed)
  await using large = await openTabIn(browser, sides.fixed, '/?rate=0&present')

  assert.ok((await size(large.page)) > (await size(plain.page)) * 1.2)
})

test('every control has a name of its own, and can be reached by keyboard', async () => {
  await using sides = await startSides(files)
  await using tab = await openTabIn(browser, sides.fixed, '/?rate=0')
  const controls = await tab.page.locator('button, input').evaluateAll(all =>
    all.map(it => {
      const labels =
        it instanceof HTMLInputElement ? [...(it.labels ?? [])].map(label => label.textContent) : []
      return {
        name: it.ariaLabel ?? labels[0] ?? it.textContent,
        isReached: it instanceof HTMLElement && it.tabIndex >= 0,
      }
    }),
  )

  const names = controls.map(({ name }) => name)
  assert.ok(controls.every(({ isReached }) => isReached))
  assert.ok(
    names.every(name => name.trim() !== ''),
    JSON.stringify(names),
  )
  assert.deepEqual(names.length, new Set(names).size, JSON.stringify(names))
})
