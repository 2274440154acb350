import type { Grant } from '../grant.ts'
import type { Quotas } from '../quotas.ts'
import { Refusal } from './refusal.ts'

/**
 * What an open stream holds of its grant: a place of the subject, and the application's `watch`, which may call `end`. Returns what
 * gives both back. Throws a Refusal, and holds nothing then: `too-many` where the subject has no place left, `not-ready` where
 * the application's function fails.
 */
export function hold(grant: Grant | undefined, quotas: Quotas, end: () => void): () => void {
  const giveBack = takePlace(grant?.subject, quotas)
  const unwatch = startWatch(grant?.watch, end, giveBack)
  return () => {
    giveBack()
    try {
      unwatch()
    } catch {
      // The application's own affair: the stream is over all the same.
    }
  }
}

function takePlace(subject: string | undefined, quotas: Quotas): () => void {
  if (subject === undefined) return () => undefined
  const giveBack = quotas.takeStream(subject)
  if (giveBack === undefined) throw new Refusal('too-many', 'Too many streams of one subject are open.')
  return giveBack
}

function startWatch(watch: Grant['watch'], end: () => void, giveBack: () => void): () => void {
  try {
    const unwatch: unknown = watch?.(end)
    // Applications in JavaScript return whatever their own function does.
    return typeof unwatch === 'function' ? () => void unwatch() : () => undefined
  } catch (error) {
    giveBack()
    throw new Refusal('not-ready', 'It cannot be found out now how long this may last.', { cause: error })
  }
}
