import { calm, holds, missedBy, type Experiment, type Finding } from './experiment.ts'
import type { Side } from '../side/side.ts'

const eventsMissed = 5
const awayMsMax = 20_000
const backMsMax = 15_000

export const leave: Experiment = {
  name: 'leave',
  title: 'Leave the network',
  act: 'Send one away',
  sentence: () =>
    `One client of each side leaves the network for ${eventsMissed} events, and comes back with the last id that it saw.`,
  question: () => ({
    text: `How many of the ${eventsMissed} does it get on the broken side?`,
    max: eventsMissed,
    unit: 'events',
  }),
  async run(sides, say) {
    const { bench, broken, fixed } = sides
    say('Waiting until every client is there.')
    await calm(sides)
    bench.beat.lend(1)
    bench.beat.resume('person')
    const clients = [broken, fixed].map(side => ({ side, number: side.open[0]?.number ?? 0 }))
    const before = clients.map(({ side, number }) => missedBy(side, [number]))
    const sent = clients.map(({ side }) => side.ledger.count(0).published)
    try {
      for (const { side, number } of clients) side.streams.leave(number)
      say('One client of each side is away. It misses events.')
      const enough = ({ side }: { side: Side }, index: number): boolean =>
        side.ledger.count(0).published - (sent[index] ?? 0) >= eventsMissed
      await holds(() => clients.every(enough), awayMsMax)
      bench.beat.pause('experiment')
      await holds(() => clients.every(({ side }) => side.waiting === 0), 5000)
      for (const { side, number } of clients) side.streams.comeBack(number)
      say('It is back, and says which id it saw last.')
      const isSettled = ({ side }: { side: Side }, index: number): boolean => {
        side.ledger.count(performance.now())
        const now = missedBy(side, [clients[index]?.number ?? 0])
        const was = before[index] ?? { replayed: 0, lost: 0 }
        return now.replayed + now.lost - was.replayed - was.lost >= eventsMissed
      }
      await holds(() => clients.every(isSettled), backMsMax)
      const [onBroken, onFixed] = clients.map(({ side, number }, index) => {
        const [was, now] = [before[index], missedBy(side, [number])]
        const replayed = now.replayed - (was?.replayed ?? 0)
        return { replayed, missed: replayed + now.lost - (was?.lost ?? 0) }
      })
      if (onBroken === undefined || onFixed === undefined) throw new Error('a side is missing')
      const finding = (expected: number, { replayed, missed }: typeof onBroken): Finding => ({
        predicted: `${expected} of ${missed}`,
        measured: `${replayed} of ${missed}`,
      })
      return {
        broken: finding(0, onBroken),
        fixed: finding(onFixed.missed, onFixed),
        agrees:
          onBroken.missed > 0 &&
          onBroken.replayed === 0 &&
          onFixed.missed > 0 &&
          onFixed.replayed === onFixed.missed,
        answer: onBroken.replayed,
      }
    } finally {
      for (const { side, number } of clients) side.streams.comeBack(number)
      bench.beat.giveBack()
      bench.beat.resume('experiment')
    }
  },
  why: [
    'A closed lid, a tunnel, a change of network: every client is away now and then, and publishers do not wait.',
    'Its browser says the last id when it is back. A server without a history can only go on with what is new, and tell of a gap.',
    'On the fixed side each event has an id that is a position in a log, and the client gets all that came after the one it names.',
  ],
  lines: [
    {
      place: 'server: every event has its position as id',
      text: 'stream.write(`id: ${position}\\ndata: ${json}\\n\\n`)',
    },
    {
      place: 'page: a new EventSource has forgotten the id, so it goes into the query',
      text: `source.onmessage = event => { lastId = event.lastEventId }
const open = () => new EventSource(\`/events?topic=lobby&lastEventID=\${encodeURIComponent(lastId)}\`)`,
    },
  ],
  scenario: 'handover-hole',
}
