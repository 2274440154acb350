import type { Observations } from '../observations.ts'

export type Verdict = 'BROKEN' | 'RISK' | 'ok' | 'not seen'

/** One line of the diagnosis, as `--json` prints it. */
export type Finding = {
  check: string
  verdict: Verdict
  /** Where the cause is, in words: `the layer before Express (nginx)`, `your server`. Empty where nothing is wrong. */
  layer: string
  /** What is wrong, one sentence. For `ok` what holds, for `not seen` why not. */
  cause: string
  /** The one line to change. Empty where nothing is wrong. */
  fix: string
  /** The bytes or times that it was seen by. */
  evidence: string
}

/** Judges observations, and nothing else: the same observations give the same findings. */
export type Check = (seen: Observations) => Finding[]

export function ok(check: string, cause: string, evidence = ''): Finding {
  return { check, verdict: 'ok', layer: '', cause, fix: '', evidence }
}

export function notSeen(check: string, cause: string): Finding {
  return { check, verdict: 'not seen', layer: '', cause, fix: '', evidence: '' }
}
