import { calm, clientsOf, holds, type Experiment, type Finding, type Sides } from './experiment.ts'
import type { Side } from '../side/side.ts'
import type { Taken } from '../side/ledger.ts'

/** Longer than what decides that an event is lost where nothing but time can tell. */
const settleMsMax = 5000

export const publishOne: Experiment = {
  name: 'publish',
  title: 'Publish one event',
  act: 'Publish one',
  sentence: () =>
    'One event goes to one worker of each side. The server says 202: it took it. Who else gets to know?',
  question: bench => ({
    text: 'How many clients of the broken side get it?',
    max: clientsOf(bench),
    unit: 'clients',
  }),
  async run(sides, say) {
    const { bench, broken, fixed } = sides
    say('Waiting until nothing is on its way.')
    bench.beat.pause('experiment')
    try {
      await calm(sides)
      say('One event is on its way to both sides.')
      const held = [broken, fixed].map(holders)
      const taken = await Promise.all(bench.publishBeat())
      const [inBroken, inFixed] = [taken[bench.sides.indexOf(broken)], taken[bench.sides.indexOf(fixed)]]
      if (inBroken === undefined || inFixed === undefined) throw new Error('a side did not take the event')
      await holds(() => isSettled(broken, inBroken) && isSettled(fixed, inFixed), settleMsMax)
      return judge(sides, inBroken, inFixed, held[0]?.get(inBroken.publishedBy) ?? 0)
    } finally {
      bench.beat.resume('experiment')
    }
  },
  why: [
    'A stream is a socket of one process, and so is the list of streams that a publish walks through.',
    'The load balancer gave the publish to one worker. The others never hear of it, and nobody sees an error: the answer was 202.',
    'On the fixed side the worker writes the event into a log in Redis, and every worker reads that log for its own streams.',
  ],
  lines: [
    {
      place: 'server: publish into a log, and let every worker read it',
      text: `// POST /events: into Redis, not into this process
await redis.xadd('events', 'MAXLEN', '~', 10000, '*', 'data', JSON.stringify(event))

// every worker: the same log, for its own streams
for (let id = '$'; ; ) {
  const [[, entries]] = await reader.xread('BLOCK', 0, 'STREAMS', 'events', id)
  for (const [at, [, data]] of entries) {
    for (const stream of streams) stream.write(\`id: \${at}\\ndata: \${data}\\n\\n\`)
    id = at
  }
}`,
    },
  ],
  scenario: 'fan-out',
}

function isSettled(side: Side, { id }: Taken): boolean {
  return side.ledger.spread(id, performance.now())?.isSettled === true
}

function finding(predicted: number, got = 0, due = 0): Finding {
  return { predicted: `${predicted} of ${due}`, measured: `${got} of ${due}` }
}

/** By worker: how many open streams it holds. */
function holders({ open }: Side): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { hello } of open) if (hello) counts.set(hello.worker, (counts.get(hello.worker) ?? 0) + 1)
  return counts
}

function judge({ broken, fixed }: Sides, inBroken: Taken, inFixed: Taken, expected: number) {
  const nowMs = performance.now()
  const [one, all] = [broken.ledger.spread(inBroken.id, nowMs), fixed.ledger.spread(inFixed.id, nowMs)]
  return {
    broken: finding(expected, one?.got, one?.due),
    fixed: finding(all?.due ?? 0, all?.got, all?.due),
    agrees: one?.got === expected && all !== undefined && all.got === all.due,
    answer: one?.got ?? 0,
  }
}
