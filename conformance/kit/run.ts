import type { Case, Need } from './case.ts'
import { Skip } from './expect.ts'
import type { Options } from './options.ts'
import type { Hello } from './stream.ts'
import { Target } from './target.ts'
import { connectionsOf } from './workers.ts'

export type Result = {
  case: Case
  outcome: 'ok' | 'FAIL' | 'skip'
  /** What was seen and wanted, or why the case was skipped. */
  text: string
  ms: number
}

/** No server answers at the address. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

const caseMsMax = 20_000
const heartbeatMsMax = 2000
// Every case would wait for what the first stream has already waited for in vain.
const heldWithinMsMax = 2000

/**
 * Runs the cases that the options choose, several at a time, and calls `report` for each in their order.
 * Throws NoAnswer when nothing answers at all.
 */
export async function runCases(
  cases: readonly Case[],
  options: Options,
  report: (result: Result) => void,
): Promise<Result[]> {
  const seen = await probe(options)
  const withinMs = seen.held ? Math.min(options.withinMs, heldWithinMsMax) : options.withinMs
  const facts = { ...seen, options: { ...options, withinMs } }
  const chosen = cases
    .filter(({ id, rule }) => id.startsWith(options.only) && (options.rules === 'all' || rule === 'standard'))
    .toSorted((one, other) => Number(one.alone ?? false) - Number(other.alone ?? false))
  const results: (Result | undefined)[] = chosen.map(() => undefined)
  let next = 0
  let reported = 0
  const work = async (end: number): Promise<void> => {
    while (next < end) {
      const n = next++
      const it = chosen[n]
      if (it === undefined) return
      results[n] = await runCase(it, facts)
      // In their order, whatever order they end in: two reports can be compared line by line.
      for (let done = results[reported]; done !== undefined; done = results[reported]) {
        report(done)
        reported += 1
      }
    }
  }
  const together = chosen.filter(({ alone }) => alone !== true).length
  await Promise.all(Array.from({ length: options.concurrency }, () => work(together)))
  await work(chosen.length)
  return results.filter(result => result !== undefined)
}

async function runCase(it: Case, facts: Facts): Promise<Result> {
  const begun = Date.now()
  const ended = (outcome: Result['outcome'], text = ''): Result => ({
    case: it,
    outcome,
    text,
    ms: Date.now() - begun,
  })
  const lack = it.needs?.map(need => lacking[need](facts)).find(reason => reason !== undefined)
  if (lack !== undefined) return ended('skip', lack)
  using target = new Target(facts.options)
  try {
    await Promise.race([it.check(target), deadline()])
    return ended('ok')
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return ended(error instanceof Skip ? 'skip' : 'FAIL', text)
  }
}

async function deadline(): Promise<never> {
  return await new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`the case was not over within ${caseMsMax} ms`)), caseMsMax).unref()
  })
}

/** What the first look at the server has shown. */
type Seen = {
  hello: Hello | undefined
  /** The server took the request for a stream and answered nothing. */
  held: boolean
  workers: boolean
}
type Facts = Seen & { options: Options }

const noHello = 'no stream says hello, so nobody knows'

/** Why a case with such a need cannot run here, or undefined. */
const lacking: Record<Need, (facts: Facts) => string | undefined> = {
  publish: ({ options }) =>
    options.publish === undefined ? 'there is no way to publish (--publish none)' : undefined,
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

/** What the server says of itself, if it says anything. Throws NoAnswer where no server is. */
async function probe(options: Options): Promise<Seen> {
  using target = new Target(options)
  const listed = connectionsOf(target).then(
    () => true,
    () => false,
  )
  const exchange = target.connect()
  exchange.send({ path: target.streamPath() })
  try {
    await exchange.head()
  } catch (error) {
    const { connected, over } = exchange.wire
    // A server that is there and silent is no server that is away: its cases fail, each for its own reason.
    if (connected && over === undefined) return { hello: undefined, held: true, workers: await listed }
    const why = exchange.wire.error ?? (error instanceof Error ? error.message : String(error))
    throw new NoAnswer(
      `no HTTP server answers at ${options.base.origin} (${why}): start it, or give another address`,
    )
  }
  const stream = await target.stream().catch(() => undefined)
  const hello = await stream?.hello().catch(() => undefined)
  return { hello, held: false, workers: await listed }
}
