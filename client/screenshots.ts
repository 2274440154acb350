import { mkdir } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/**
 * `make screenshots`: the pictures of the docs, from the real page of the lab that runs. The page at both widths and in both
 * color schemes, and each experiment when it is done.
 * Usage: screenshots.ts URL FOLDER
 */
const [url = 'http://localhost:8080', folder = 'docs/img'] = process.argv.slice(2)
const experiments = ['publish', 'leave', 'kill', 'quiet', 'proxy']
/** The longest waits for the proxy, or for servers that start. */
const experimentMsMax = 120_000

async function open(browser: Browser, width: number, height: number, colorScheme: 'light' | 'dark') {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme })
  const page = await context.newPage()
  page.on('pageerror', error => process.stdout.write(`  ${String(error)}\n`))
  await page.goto(url)
  await until('six events on both sides', 60_000, async () => {
    const due = await page
      .locator('[data-side]')
      .evaluateAll(sides => sides.map(({ dataset }) => Number(dataset['due'])))
    return due.length > 0 && due.every(count => count >= 144)
  })
  return page
}

/** In the middle of a pulse: some tenths of a second after the event was taken. */
async function underWay(page: Page): Promise<void> {
  const published = () => page.locator('[data-side=fixed]').getAttribute('data-published')
  const before = await published()
  await until('the next event', 5000, async () => (await published()) !== before)
  await page.waitForTimeout(650)
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${folder}/${name}.png` })
  process.stdout.write(`${folder}/${name}.png\n`)
}

async function shootExperiment(page: Page, name: string): Promise<void> {
  const button = page.locator(`[data-experiment=${name}]`)
  await button.click()
  await until(`${name} to be done`, experimentMsMax, async () => {
    return (await button.getAttribute('data-state')) === 'done'
  })
  process.stdout.write(`  ${await button.getAttribute('data-result')}\n`)
  // What scrolls smoothly is still on its way.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.locator('#experiments').screenshot({ path: `${folder}/experiment-${name}.png` })
}

await mkdir(folder, { recursive: true })
const browser = await openBrowser()
try {
  for (const scheme of ['light', 'dark'] as const) {
    for (const [width, height] of [
      [1440, 710],
      [390, 844],
    ] as const) {
      const page = await open(browser, width, height, scheme)
      await underWay(page)
      await shoot(page, `page${width < 1000 ? '-phone' : ''}${scheme === 'dark' ? '-dark' : ''}`)
      await page.context().close()
    }
  }
  const page = await open(browser, 1280, 900, 'light')
  for (const name of experiments) await shootExperiment(page, name)
} finally {
  await browser.close()
}
