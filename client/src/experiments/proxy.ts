import type { Bench } from '../bench.ts'
import { serverOf } from '../lab/name.ts'
import type { Side } from '../side/side.ts'
import { calm, clientsOf, holds, type Experiment, type Say, type Sides } from './experiment.ts'

const goneMsMax = 20_000
const backMsMax = 60_000
/** Longer than the longest time that a server tells a browser to stay away. */
const retryMsMax = 8000

export const proxy: Experiment = {
  name: 'proxy',
  title: 'Restart behind the proxy',
  act: 'Restart',
  sentence: () =>
    'The servers behind both proxies restart, as in a deploy. For some seconds the proxies have nobody to ask, and clients ask them.',
  question: bench => ({
    text: 'How many clients of the broken side come back by themselves?',
    max: clientsOf(bench),
    unit: 'clients',
  }),
  async run(sides, say) {
    const { bench, broken, fixed } = sides
    if (!bench.lab.restarts)
      throw new Error('nobody would start this server again; make up runs one that Docker does')
    say('Waiting until every client is there.')
    await calm(sides)
    const lostBefore = fixed.ledger.count(performance.now()).lost
    const total = broken.streams.all.length
    bench.beat.lend(bench.beat.rate)
    try {
      await restartBoth(sides, say)
      // A fast machine has its servers back within a second, and by chance before any client has asked.
      const nobodyAsked = () => broken.open.length === total && fixed.open.length === fixed.streams.all.length
      for (let more = 2; more > 0 && nobodyAsked(); more -= 1) {
        say('The servers were back before any client asked. Once more.')
        await restartBoth(sides, say)
      }
    } finally {
      bench.beat.giveBack()
    }
    const back = broken.open.length
    const lost = fixed.ledger.count(performance.now()).lost - lostBefore
    const all = fixed.streams.all.length
    return {
      broken: {
        predicted: 'whoever asks in that time never comes back',
        measured: `${total - back} of ${total} gave up for good`,
      },
      fixed: {
        predicted: `${all} of ${all} come back, 0 events lost`,
        measured: `${fixed.open.length} of ${all} came back, ${lost} events lost`,
      },
      agrees: back < total && fixed.open.length === all && lost === 0,
      answer: back,
    }
  },
  why: [
    'While its server is away nginx answers 502. For an EventSource that is no cut but an answer: it gives up for good, without an error that anybody sees.',
    'People reload the page, or wait for news that will never come. It looks like a quiet day.',
    'On the fixed side nginx says “later” in the words of the protocol, 200 with retry:, and the client opens a new EventSource if one has given up all the same.',
  ],
  lines: [
    {
      place: 'nginx: tell clients to come back, instead of 502',
      text: `location = /events {
    proxy_pass http://server;
    error_page 502 503 504 = /later;
}
location = /later {
    internal;
    default_type text/event-stream;
    add_header Cache-Control no-store always;
    return 200 "retry: 2500\\n";
}`,
    },
    {
      place: 'page: a new EventSource where one has given up (client/src/stream.ts does it with care)',
      text: `source.onerror = () => {
  if (source.readyState === EventSource.CLOSED) setTimeout(open, Math.random() * 5000)
}`,
    },
  ],
  scenario: 'deploy-502',
}

/** Until everybody is back who will ever be. */
async function restartBoth({ broken, fixed }: Sides, say: Say): Promise<void> {
  await Promise.all([restart(broken), restart(fixed)])
  say('The servers end. Their clients are sent away.')
  if (!(await holds(() => [broken, fixed].every(({ open }) => open.length === 0), goneMsMax)))
    throw new Error('some streams were never cut')
  say('The servers start. Who asks meanwhile gets the answer of the proxy.')
  await holds(() => fixed.open.length === fixed.streams.all.length, backMsMax)
  say('The fixed side is complete. Is anybody still coming on the broken side?')
  await holds(() => broken.streams.all.every(({ state }) => state === 'open' || state === 'dead'), retryMsMax)
  await holds(() => fixed.ledger.count(performance.now()).behind === 0, retryMsMax)
}

/** Each server that holds a stream, by one of its workers. The list of workers may be some seconds old. */
async function restart(side: Side): Promise<void> {
  const workers = side.open.flatMap(({ hello }) => (hello ? [hello.worker] : []))
  const servers = new Map(workers.map(worker => [serverOf(worker), worker]))
  if (servers.size === 0) throw new Error('no stream is open')
  const wrong = await Promise.all([...servers.values()].map(worker => side.strike(worker, 'restart')))
  const [first] = wrong.filter(it => it !== undefined)
  if (first !== undefined) throw new Error(`the server could not be restarted: ${first}`)
}

/** Whether there is anything to restart. */
export function canRestart({ lab }: Bench): boolean {
  return lab.lab && lab.restarts
}
