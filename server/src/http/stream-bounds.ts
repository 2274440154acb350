import { tokenExpiredFrame } from '../frame.ts'
import type { Settings } from '../options.ts'
import type { ConnectionBounds } from './connection.ts'

// The sweep, which ends streams, comes once a second.
const sweepSpareMs = 1000
const expirySpreadMs = 10_000
const ageEnd: ConnectionBounds['endsWith'] = { reason: 'stream-age', frame: '' }
const expiryEnd: ConnectionBounds['endsWith'] = { reason: 'token-expired', frame: tokenExpiredFrame(null) }

/** When a stream ends by itself, and how: at its age, or shortly before `expiresAt`, when what allows it ends (Date.now()). */
export function boundsOf(
  { streamMs, bufferedBytesMax }: Pick<Settings, 'streamMs' | 'bufferedBytesMax'>,
  expiresAt = Infinity,
): ConnectionBounds {
  // Random 80 to 100 % of streamMs, so that streams that opened together do not end together.
  const ageMs = streamMs === 0 ? Infinity : randomBetween(streamMs * 0.8, streamMs)
  // Spread as well: the tokens of those who came after a start are of one age.
  const leftMs = Math.max(0, expiresAt - Date.now() - sweepSpareMs)
  const grantMs =
    leftMs === Infinity ? leftMs : leftMs - Math.random() * Math.min(expirySpreadMs, leftMs / 10)
  return grantMs < ageMs
    ? { bufferedBytesMax, endsAfterMs: grantMs, endsWith: expiryEnd }
    : { bufferedBytesMax, endsAfterMs: ageMs, endsWith: ageEnd }
}

/** A whole number from `min` to `max`, both included. */
export function randomBetween(min: number, max: number): number {
  return Math.floor(min + Math.random() * (max - min + 1))
}
