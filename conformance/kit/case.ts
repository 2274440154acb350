import type { Target } from './target.ts'

/**
 * What a case cannot do without. The runner skips it where that is missing, and says so.
 * `history` is a bus that keeps a log; `heartbeat` is one that comes within two seconds; `workers` is a list of workers
 * and of how many streams each holds.
 */
export type Need = 'publish' | 'history' | 'no-history' | 'heartbeat' | 'origin' | 'workers'

/** One rule and how to see that a server keeps it. */
export type Case = {
  /** Theme and name, as in `framing/cr`. */
  id: string
  /** The promise, in the present tense. */
  name: string
  /** `standard`: WHATWG HTML 9.2, RFC 9110 to 9112 or Fetch ask for it. `lab`: docs/api.md of this lab does. */
  rule: 'standard' | 'lab'
  /** What goes wrong for users where the rule is broken. */
  why: string
  needs?: readonly Need[]
  /** Runs behind all others, by itself: it counts what others would change. */
  alone?: true
  /** Throws a Failure, or any error, unless the server keeps the rule. */
  check: (target: Target) => Promise<void>
}
