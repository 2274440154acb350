import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { until } from '@sse-lab/testkit/wait.ts'
import type { ScriptedServer } from './scripted-server.ts'

export type Tab = AsyncDisposable & { page: Page; context: BrowserContext; refused: string[] }

/**
 * The built page in a browser of its own; `refused` is what the browser had to complain about. Its beat is still unless the
 * path says otherwise, and every `details` is unfolded.
 */
export async function openTabIn(
  browser: Browser,
  server: ScriptedServer,
  path = '/?rate=0',
  options: BrowserContextOptions = {},
): Promise<Tab> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const refused: string[] = []
  page.on('console', line => line.type() === 'error' && refused.push(line.text()))
  page.on('pageerror', error => refused.push(String(error)))
  await page.goto(server.origin + path)
  await allOpen(page)
  await unfold(page)
  return { page, context, refused, [Symbol.asyncDispose]: () => context.close() }
}

/** Waits until the page has asked for every stream that it wants, and each one is open. */
export async function allOpen(page: Page, count?: number, ms = 10_000): Promise<void> {
  // A page asks for one stream after the other: before the last, "3 of 3 open" is not all of them.
  const read = (): Promise<string[]> =>
    page
      .locator('[data-ready=true] [data-side]')
      .evaluateAll(sides => sides.map(({ dataset }) => `${dataset['open']} of ${dataset['total']}`))
  await until(
    'every stream open',
    ms,
    async () => {
      const sides = await read()
      return (
        sides.length > 0 &&
        sides.every(text =>
          count === undefined ? /^([1-9]\d*) of \1$/.test(text) : text === `${count} of ${count}`,
        )
      )
    },
    read,
  )
}

/** Opens all that is folded below the sides. */
export async function unfold(page: Page): Promise<void> {
  const folded = page.locator('#details > details')
  await until('the details', 5000, async () => (await folded.count()) === 3)
  await folded.evaluateAll(all => all.forEach(it => it.setAttribute('open', '')))
}

/** Waits until the element's text is, or matches, what is promised. */
export async function shows(
  page: Page,
  selector: string,
  expected: string | RegExp,
  ms = 5000,
): Promise<void> {
  const read = (): Promise<string> =>
    page.evaluate(found => document.querySelector(found)?.textContent ?? '', selector)
  await until(
    `${selector} with ${expected}`,
    ms,
    async () => {
      const text = await read()
      return typeof expected === 'string' ? text === expected : expected.test(text)
    },
    read,
  )
}

/** Waits until a number of a side's panel, like `lost`, is what is promised. */
export async function counts(
  page: Page,
  side: 'broken' | 'fixed' | 'single',
  expected: Record<string, number>,
  ms = 5000,
): Promise<void> {
  const read = (): Promise<Record<string, string | undefined>> =>
    page
      .locator(`[data-side=${side}]`)
      .evaluate(
        (panel, keys) => Object.fromEntries(keys.map(key => [key, panel.dataset[key]])),
        Object.keys(expected),
      )
  const wanted = JSON.stringify(
    Object.fromEntries(Object.entries(expected).map(([key, count]) => [key, String(count)])),
  )
  await until(`${side} ${wanted}`, ms, async () => JSON.stringify(await read()) === wanted, read)
}
