import type { Page } from 'playwright-core'

/** What an EventSource in a page has come to so far. */
export type SourceState = {
  readyState: number
  /** How often it was open, as far as the event that counts as open came. */
  opens: number
  /** What `readyState` was at each error, oldest first. */
  errors: number[]
}

/** Opens an EventSource at `url` in the page, and gives what reads its state. `openAt`: the event that counts as open. */
export async function openSource(
  page: Page,
  url: string,
  openAt: 'open' | 'hello',
): Promise<() => Promise<SourceState>> {
  await page.evaluate(
    words => {
      const source = new EventSource(words.url)
      const seen = { opens: 0, errors: [] as number[] }
      source.addEventListener(words.openAt, () => (seen.opens += 1))
      source.addEventListener('error', () => seen.errors.push(source.readyState))
      Object.assign(globalThis, { source, seen })
    },
    { url, openAt },
  )
  return async () =>
    await page.evaluate(() => {
      const { source, seen } = Object(globalThis)
      return {
        readyState: Number(source.readyState),
        opens: Number(seen.opens),
        errors: Array.from<unknown, number>(seen.errors, Number),
      }
    })
}

/** `readyState` as the standard calls it. */
export function stateName(readyState: number | undefined): string {
  return ['CONNECTING', 'OPEN', 'CLOSED'][readyState ?? -1] ?? String(readyState)
}
