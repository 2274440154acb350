import { setTimeout as pause } from 'node:timers/promises'

const pollMs = 10

/** Chromium keeps the connection of an EventSource that was closed while it was connecting for 5 s [seen: 25 of 60 times]. */
export const releaseMsMax = 10_000

/**
 * Waits until `read` gives something other than undefined or false, and returns it. `seen` is for the failure: what
 * there was instead.
 */
export async function within<T>(
  ms: number,
  what: string,
  read: () => T | undefined | false | Promise<T | undefined | false>,
  seen: () => unknown = () => 'nothing',
): Promise<T> {
  const endMs = performance.now() + ms
  for (;;) {
    const found = await read()
    if (found !== undefined && found !== false) return found
    if (performance.now() > endMs) {
      throw new Error(`no ${what} within ${ms} ms; saw ${JSON.stringify(await seen())}`)
    }
    await pause(pollMs)
  }
}
