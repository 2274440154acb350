import type { Browser, BrowserContext, Page } from 'playwright-core'
import { within } from '@sse-lab/testkit/deadline.ts'
import type { ScriptedServer } from './scripted-server.ts'

export type Tab = AsyncDisposable & { page: Page; context: BrowserContext; refused: string[] }

/** The built page in a browser of its own; `refused` is what the browser had to complain about. */
export async function openTabIn(browser: Browser, server: ScriptedServer, path = '/'): Promise<Tab> {
  const context = await browser.newContext()
  const page = await context.newPage()
  const refused: string[] = []
  page.on('console', line => line.type() === 'error' && refused.push(line.text()))
  page.on('pageerror', error => refused.push(String(error)))
  await page.goto(server.origin + path)
  await shows(page, '#stream-state', 'open')
  return { page, context, refused, [Symbol.asyncDispose]: () => context.close() }
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
  await within(
    ms,
    `${selector} with ${expected}`,
    async () => {
      const text = await read()
      return typeof expected === 'string' ? text === expected : expected.test(text)
    },
    read,
  )
}
