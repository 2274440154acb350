import type { Target } from './target.ts'

/**
 * What a case cannot do without. The runner skips it where that is missing, and says so.
 * `history` is a bus that keeps a log; `heartbeat` is one that comes within two seconds; `workers` is a list of workers
 * and of how many streams each holds; `get` is a stream that is asked for with GET.
 */
export type Need = 'publish' | 'get' | 'history' | 'no-history' | 'heartbeat' | 'origin' | 'workers'

/**
 * Whose rule it is. `must`: by the standards (WHATWG HTML 9.2, RFC 9110 to 9112, Fetch), and a client that keeps them is served
 * wrongly where it is broken. `should`: a standard or good sense asks for it, and every EventSource works without.
 * `lab`: docs/api.md of this lab does.
 */
export type Rule = 'must' | 'should' | 'lab'

/** One rule and how to see that a server keeps it. */
export type Case = {
  /** Theme and name, as in `framing/cr`. */
  id: string
  /** The promise, in the present tense. */
  name: string
  rule: Rule
  /** What goes wrong for users where the rule is broken. */
  why: string
  needs?: readonly Need[]
  /** Cases before this one whose failure explains a failure of this one. */
  after?: readonly string[]
  /** Runs behind all others, by itself: it counts what others would change, or takes places that they need. */
  alone?: true
  /** Throws a Failure, or any error, unless the server keeps the rule. */
  check: (target: Target) => Promise<void>
}
