import { time } from '../figures.ts'
import { fix } from '../fixes.ts'
import { server } from '../layers.ts'
import { limits } from '../limits.ts'
import { longestSilence } from './cut.ts'
import { notSeen, ok, type Check } from './check.ts'

const check = 'heartbeat'

// Half of the shortest limit that is widely met (Next.js, 30 s) leaves room for one that is late; 25 s still passes.
const safeMs = 27_000

/** Is the stream ever silent for longer than some proxy allows? */
export const heartbeat: Check = seen => {
  if (seen.method !== 'GET') return [notSeen(check, 'an answer to a POST is not kept open')]
  const silence = longestSilence(seen)
  const watchedMs = seen.endedAtMs - seen.window.toMs
  if (silence < safeMs && watchedMs < safeMs) {
    return [notSeen(check, `watched for too short a time: ${time(seen.endedAtMs)}`)]
  }
  if (silence < safeMs) return [ok(check, 'something comes often enough', `longest silence ${time(silence)}`)]
  const dies = limits.filter(({ kind, seconds }) => kind === 'idle' && seconds * 1000 <= silence + 1000)
  const names = dies.map(({ layer, seconds }) => `${layer} ${seconds} s`).join(', ')
  return [
    {
      check,
      verdict: 'RISK',
      layer: server(seen),
      cause: `the stream is silent for longer than proxies allow${names === '' ? '' : `: it dies behind ${names}`}`,
      fix: fix('idle', undefined),
      evidence: `longest silence ${time(silence)}`,
    },
  ]
}
