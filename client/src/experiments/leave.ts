import { calm, holds, missedBy, type Experiment, type Outcome } from './experiment.ts'
import { graceMs, sameMomentMs } from '../side/progress.ts'
import type { Side } from '../side/side.ts'

const eventsMissed = 5
const awayMsMax = 20_000
const answerMsMax = 5000
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
    bench.beat.pause('experiment')
    await holds(() => [broken, fixed].every(({ waiting }) => waiting === 0), answerMsMax)
    // What they have lost until now is given up by then, and does not count as missed.
    await holds(() => false, graceMs + sameMomentMs)
    const both = [new Traveller(broken), new Traveller(fixed)] as const
    bench.beat.lend(1)
    try {
      for (const one of both) one.leave()
      bench.beat.resume('experiment')
      say('One client of each side is away. It misses events.')
      await holds(() => both.every(one => one.events >= eventsMissed), awayMsMax)
      bench.beat.pause('experiment')
      await holds(() => both.every(({ side }) => side.waiting === 0), answerMsMax)
      // What was acknowledged in the moment of its return would not count as missed.
      await holds(() => false, 2 * sameMomentMs)
      for (const one of both) one.comeBack()
      say('It is back, and says which id it saw last.')
      await holds(() => both.every(one => one.missed >= eventsMissed), backMsMax)
      return judge(...both)
    } finally {
      for (const one of both) one.comeBack()
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

/** A client that leaves and comes back, and what became of what it missed. */
class Traveller {
  readonly side: Side
  readonly #number: number
  readonly #before: { readonly replayed: number; readonly lost: number }
  readonly #published: number

  constructor(side: Side) {
    this.side = side
    this.#number = side.open[0]?.number ?? 0
    this.#before = missedBy(side, [this.#number])
    this.#published = side.ledger.count(performance.now()).published
  }

  /** Events that the side took since. */
  get events(): number {
    return this.side.ledger.count(performance.now()).published - this.#published
  }

  get replayed(): number {
    return missedBy(this.side, [this.#number]).replayed - this.#before.replayed
  }

  /** Of what it missed, what is decided: replayed, or lost. */
  get missed(): number {
    this.side.ledger.count(performance.now())
    return this.replayed + missedBy(this.side, [this.#number]).lost - this.#before.lost
  }

  leave(): void {
    this.side.streams.leave(this.#number)
  }

  comeBack(): void {
    this.side.streams.comeBack(this.#number)
  }
}

function judge(broken: Traveller, fixed: Traveller): Outcome {
  return {
    broken: { predicted: `0 of ${broken.missed}`, measured: `${broken.replayed} of ${broken.missed}` },
    fixed: {
      predicted: `${fixed.missed} of ${fixed.missed}`,
      measured: `${fixed.replayed} of ${fixed.missed}`,
    },
    agrees: broken.missed > 0 && broken.replayed === 0 && fixed.missed > 0 && fixed.replayed === fixed.missed,
    answer: broken.replayed,
  }
}
