import {
  calm,
  holds,
  missedBy,
  type Experiment,
  type Finding,
  type Outcome,
  type Say,
  type Sides,
} from './experiment.ts'
import type { Side } from '../side/side.ts'

/** Enough of them that each client misses some. */
const eventsPerSecondMin = 10
const cutMsMax = 5000
const backMsMax = 30_000
const replayMsMax = 10_000

export const kill: Experiment = {
  name: 'kill',
  title: 'Kill a worker',
  act: 'Kill one',
  sentence: () =>
    'One worker of each side gets SIGKILL while events go on. Its clients are cut, come back to another worker, and have missed some.',
  question: () => ({
    text: 'How much of what they missed do they get after all on the fixed side?',
    max: 100,
    unit: '%',
  }),
  async run(sides, say) {
    say('Waiting until every client is there.')
    for (let left = 2; ; left -= 1) {
      await calm(sides)
      const outcome = await killOnce(sides, say)
      if (outcome.isShown || left === 0) return outcome
      // A publish that the dead worker had taken is answered by nobody, and the next ones wait for it until all are back.
      say('Nobody has missed anything: a publish waited for the dead worker. Once more.')
    }
  },
  why: [
    'A worker that dies takes its sockets along, and whatever was to be written to them.',
    'The client comes back to another worker and says the last id that it has, in Last-Event-ID. The broken side keeps nothing it could look up.',
    'On the fixed side an id is a position in the log. Any worker gives a client all that came after it, and then what is new, in one order.',
  ],
  lines: [
    {
      place: 'server: what a client has missed, before what is new',
      text: `// the header is newer than the query, which a native reconnect repeats
const since = request.headers['last-event-id'] ?? url.searchParams.get('lastEventID')
if (since) {
  for (const [id, [, data]] of await redis.xrange('events', \`(\${since}\`, '+'))
    response.write(\`id: \${id}\\ndata: \${data}\\n\\n\`)
}`,
    },
  ],
  scenario: 'no-replay',
}

/** `isShown`: clients of both sides have missed something. */
async function killOnce({ bench, broken, fixed }: Sides, say: Say): Promise<Outcome & { isShown: boolean }> {
  bench.beat.lend(Math.max(bench.beat.rate, eventsPerSecondMin))
  const watches = [watchCuts(broken), watchCuts(fixed)] as const
  try {
    await holds(() => false, 500)
    const before = watches.map(({ side }) => side.streams.all.map(({ number }) => missedBy(side, [number])))
    await Promise.all([strike(broken), strike(fixed)])
    say('A worker is dead on each side. Its clients come back by themselves.')
    if (!(await holds(() => watches.every(({ cut }) => cut.size > 0), cutMsMax)))
      throw new Error('no stream was cut')
    await holds(() => watches.every(({ side }) => side.streams.all.every(isThere)), backMsMax)
    say('They are back. What they missed is on its way, or it is not.')
    await holds(() => false, 1500)
    bench.beat.pause('experiment')
    await holds(
      () => watches.every(({ side }) => side.ledger.count(performance.now()).behind === 0),
      replayMsMax,
    )
    return judge(watches, before)
  } finally {
    for (const { end } of watches) end()
    bench.beat.giveBack()
    bench.beat.resume('experiment')
  }
}

interface Watch {
  readonly side: Side
  readonly cut: Set<number>
  readonly end: () => void
}

function watchCuts(side: Side): Watch {
  const cut = new Set<number>()
  return { side, cut, end: side.watch({ cut: ({ number }) => cut.add(number) }) }
}

const isThere = ({ state }: { state: string }): boolean => state === 'open' || state === 'dead'

/** The worker that holds the most streams of this tab. */
async function strike(side: Side): Promise<void> {
  const counts = new Map<string, number>()
  for (const { hello } of side.open) if (hello) counts.set(hello.worker, (counts.get(hello.worker) ?? 0) + 1)
  const [most] = [...counts].toSorted(([, a], [, b]) => b - a)
  if (most === undefined) throw new Error('no stream is open')
  const wrong = await side.strike(most[0], 'kill')
  if (wrong !== undefined) throw new Error(`the worker could not be killed: ${wrong}`)
}

type Missed = ReturnType<typeof missedBy>

function judge(watches: readonly Watch[], before: readonly (readonly Missed[])[]) {
  const [broken, fixed] = watches.map(({ side, cut }, index) => {
    const after = missedBy(
      side,
      side.streams.all.map(({ number }) => number),
    )
    const was = before[index] ?? []
    const replayed = after.replayed - was.reduce((sum, it) => sum + it.replayed, 0)
    const lost = after.lost - was.reduce((sum, it) => sum + it.lost, 0)
    return { clients: cut.size, replayed, missed: replayed + lost }
  })
  if (broken === undefined || fixed === undefined) throw new Error('a side is missing')
  const isShown = broken.missed > 0 && fixed.missed > 0
  const finding = (made: number, { replayed, missed, clients }: typeof broken): Finding => ({
    predicted: `${made} of ${missed} missed events come after all`,
    measured: `${replayed} of ${missed}, for ${clients} clients`,
  })
  return {
    broken: finding(0, broken),
    fixed: finding(fixed.missed, fixed),
    agrees: isShown && broken.replayed === 0 && fixed.replayed === fixed.missed,
    isShown,
    answer: fixed.missed === 0 ? 0 : Math.round((100 * fixed.replayed) / fixed.missed),
  }
}
