import { setTimeout as pause } from 'node:timers/promises'
import { inspect } from 'node:util'

const pollMs = 20

/**
 * Resolves with the first answer of `ask` that is neither undefined nor false. An error of `ask` counts as "not yet".
 * Fails after `withinMs` milliseconds, and says what was awaited and what there was instead: what `seen` gives, or the last
 * error of `ask`, which is also the failure's cause.
 */
export async function until<T>(
  what: string,
  withinMs: number,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  seen?: () => unknown,
): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    let failed: unknown
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
    } catch (error) {
      failed = error
    }
    if (performance.now() > deadline) {
      const text = await instead(failed, seen)
      throw new Error(`not within ${withinMs} ms: ${what}${text}`, { cause: failed })
    }
    await pause(pollMs)
  }
}

async function instead(failed: unknown, seen: (() => unknown) | undefined): Promise<string> {
  if (seen !== undefined) return `; seen last: ${JSON.stringify(await seen())}`
  if (failed === undefined) return ''
  return `; seen last: ${failed instanceof Error ? failed.message : inspect(failed)}`
}
