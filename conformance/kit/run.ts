import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Case, Need } from './case.ts'
import { Causes } from './causes.ts'
import { Failure, Skip } from './expect.ts'
import type { Options } from './options.ts'
import { probe, type Seen } from './probe.ts'
import { Target } from './target.ts'

export type Result = {
  case: Case
  outcome: 'ok' | 'FAIL' | 'skip'
  /** What was seen and wanted, or why the case was skipped. */
  text: string
  ms: number
  /** What other failures of the same cause have in common with this one. */
  mark?: string | undefined
  /** The id of the failed case that explains this failure. */
  followsFrom?: string
}

// Every wait within a case has an end of its own, so this one is only for what nobody thought of.
const caseMsMax = 60_000
// How often a case whose calls a limit refuses is run again.
const runsMax = 5
const leftMs = 20
const heartbeatMsMax = 2000
// Every case would wait for what the first look has already waited for in vain.
const vainMsMax = 2000

/**
 * Runs the cases that the options choose, several at a time, and calls `report` for each in their order; `note` hears what
 * was found out about the server before. Throws NoAnswer when there is nothing to judge.
 */
export async function runCases(
  cases: readonly Case[],
  options: Options,
  report: (result: Result) => void,
  note: (text: string) => void = () => undefined,
): Promise<Result[]> {
  using keep = new DisposableStack()
  const named = cases.filter(({ id }) => id.startsWith(options.only))
  const publishes = named.some(({ needs = [] }) => needs.includes('publish'))
  const seen = await probe(options, publishes, keep)
  const chosen = named
    .filter(({ rule }) => rule !== 'lab' || judgesLab(seen))
    .toSorted((one, other) => Number(one.alone ?? false) - Number(other.alone ?? false))
  for (const text of notesOf(seen, named.length > chosen.length)) note(text)
  return await runAll(chosen, seen, report)
}

function judgesLab({ options: { rules }, hello }: Seen): boolean {
  return rules === 'all' || (rules === 'auto' && hello !== undefined)
}

function notesOf({ notes, options }: Seen, left: boolean): string[] {
  const without =
    "no stream says the lab's hello, so the rules of the lab are left out (--rules all judges them)"
  return left && options.rules === 'auto' ? [...notes, without] : notes
}

async function runAll(
  chosen: readonly Case[],
  seen: Seen,
  report: (result: Result) => void,
): Promise<Result[]> {
  const { options, held, undelivered } = seen
  const withinMs = held || undelivered ? Math.min(options.withinMs, vainMsMax) : options.withinMs
  const facts = { ...seen, options: { ...options, withinMs } }
  const results: (Result | undefined)[] = chosen.map(() => undefined)
  const causes = new Causes()
  const judged: Result[] = []
  const limited: [n: number, it: Case, retryAfterMs: number][] = []
  const ended = (n: number, result: Result): void => {
    results[n] = result
    // In their order, whatever order they end in: two reports can be compared line by line.
    for (let done = results[judged.length]; done !== undefined; done = results[judged.length]) {
      const told = causes.add(done)
      judged.push(told)
      report(told)
    }
  }
  let next = 0
  const work = async (end: number): Promise<void> => {
    while (next < end) {
      const n = next++
      const it = chosen[n]
      if (it === undefined) return
      const { result, retryAfterMs } = await runCase(it, facts)
      if (retryAfterMs === undefined) ended(n, result)
      else limited.push([n, it, retryAfterMs])
    }
  }
  const together = chosen.filter(({ alone }) => alone !== true).length
  const atATime = options.serial ? 1 : options.concurrency
  await Promise.all(Array.from({ length: atATime }, () => work(together)))
  await work(chosen.length)
  // After all others: beside them they would meet the limit again.
  let runs = runsMax
  for (const [n, it, retryAfterMs] of limited) {
    const ran = await runLimited(it, facts, retryAfterMs, runs)
    // The limit lasts. Each case would wait for its end in vain.
    if (ran.retryAfterMs !== undefined) runs = 1
    ended(n, ran.result)
  }
  return judged
}

async function runLimited(it: Case, facts: Seen, retryAfterMs: number, runs: number): Promise<Ran> {
  let waitMs = retryAfterMs
  for (let run = 1; ; run++) {
    await pause(waitMs)
    const ran = await runCase(it, facts)
    if (ran.retryAfterMs === undefined || run === runs) return ran
    waitMs = ran.retryAfterMs
  }
}

/** What a case has shown; `retryAfterMs` where that says nothing, because a limit refused one of its calls. */
type Ran = { result: Result; retryAfterMs?: number | undefined }

async function runCase(it: Case, facts: Seen): Promise<Ran> {
  const begun = Date.now()
  const ended: Ended = (outcome, text = '', mark) => ({
    case: it,
    outcome,
    text,
    ms: Date.now() - begun,
    mark,
  })
  const lack = it.needs?.map(need => lacking[need](facts)).find(reason => reason !== undefined)
  if (lack !== undefined) return { result: ended('skip', lack) }
  using target = new Target(facts.options, facts)
  const result = await judge(it, target, ended)
  if (facts.options.serial) await settled(it, facts)
  return { result, retryAfterMs: result.outcome === 'FAIL' ? target.limitedMs : target.refusedMs }
}

type Ended = (outcome: Result['outcome'], text?: string, mark?: string) => Result

async function judge(it: Case, target: Target, ended: Ended): Promise<Result> {
  try {
    await Promise.race([it.check(target), deadline()])
    return ended('ok')
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    if (error instanceof Skip) return ended('skip', text)
    return ended('FAIL', text, error instanceof Failure ? error.mark : undefined)
  }
}

/** On one stream for all, what a case has published may still be on its way to the next one. */
async function settled({ needs = [] }: Case, facts: Seen): Promise<void> {
  // Time to see that the last one has left, where one at a time is let in.
  await pause(leftMs)
  if (!needs.includes('publish') || facts.options.publish === undefined) return
  using target = new Target({ ...facts.options, withinMs: 1000 }, facts)
  const last = `last-${randomUUID()}`
  const stream = await target.stream().catch(() => undefined)
  await target.publish(last).catch(() => undefined)
  await stream?.next('the last event', ({ raw }) => raw.includes(last)).catch(() => undefined)
}

async function deadline(): Promise<never> {
  return await new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`the case was not over within ${caseMsMax} ms`)), caseMsMax).unref()
  })
}

const noHello = 'no stream says hello, so nobody knows'

/** Why a case with such a need cannot run here, or undefined. */
const lacking: Record<Need, (facts: Seen) => string | undefined> = {
  publish: ({ options }) =>
    options.publish === undefined ? 'there is no way to publish (--publish none)' : undefined,
  get: ({ options }) =>
    options.method === 'GET' ? undefined : `a stream is asked for with ${options.method} (--method)`,
  origin: ({ options }) => (options.origin === undefined ? 'no origin was given (--origin)' : undefined),
  workers: ({ workers }) => (workers ? undefined : 'no list of workers is at /api/workers'),
  history: ({ hello }) => {
    if (hello === undefined) return `${noHello} whether there is a history`
    return hello.bus === 'streams' ? undefined : `the bus ${hello.bus} keeps no history`
  },
  'no-history': ({ hello }) => {
    if (hello === undefined) return `${noHello} whether there is a history`
    return ['memory', 'pubsub'].includes(hello.bus)
      ? undefined
      : `the bus ${hello.bus} is not one without a history`
  },
  heartbeat: ({ hello }) => {
    if (hello === undefined) return `${noHello} when heartbeats come`
    const { heartbeatMs } = hello
    return heartbeatMs > 0 && heartbeatMs <= heartbeatMsMax
      ? undefined
      : `heartbeats come every ${heartbeatMs} ms (0: never), and the kit waits for ${heartbeatMsMax}`
  },
}
