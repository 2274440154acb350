import { setTimeout as pause } from 'node:timers/promises'

/**
 * Resolves with the first answer of `ask` that is neither undefined nor false, or fails at the deadline and says what
 * was awaited. An error of `ask` counts as "not yet".
 */
export async function until<T>(
  what: string,
  withinMs: number,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + withinMs
  let last: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
      last = undefined
    } catch (error) {
      last = error
    }
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`, { cause: last })
    await pause(20)
  }
}
