import { until } from './wait.ts'

/** Chromium keeps the connection of an EventSource that was closed while it was connecting for 5 s [seen: 25 of 60 times]. */
export const releaseMsMax = 10_000

/** `until` with its parameters in another order. Use `until`: this is left for the page's tests alone. */
export async function within<T>(
  ms: number,
  what: string,
  read: () => T | undefined | false | Promise<T | undefined | false>,
  seen?: () => unknown,
): Promise<T> {
  return await until(what, ms, read, seen)
}
