import { randomInt } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Random } from '@sse-lab/testkit/random.ts'
import { act } from './act.ts'
import { faults } from './faults.ts'
import { drawPairs, pairName } from './pairs.ts'
import type { Side } from './side.ts'
import { stopReading } from './stopped-client.ts'
import type { World } from './world.ts'

const pairCount = 3
const chosen = process.env.FAULTS?.split('|')

type Suite = {
  /** Brings up what is struck. */
  start: () => Promise<World>
  /** Whether a side with BUS=pubsub stands beside the one that must lose nothing. */
  withPubsub: boolean
  /** So many bytes pass the client that stops reading. */
  largeBytes: number
}

/** The tests of the suite. FAULTS='reload|nginx' runs only those whose name has one of the words; SEED repeats a schedule. */
export function faultSuite({ start, withPubsub, largeBytes }: Suite): void {
  const seed = process.env.SEED || String(randomInt(1_000_000))
  process.stdout.write(`the schedule is that of SEED=${seed} make test-faults\n`)
  let world: Promise<World>
  before(async () => {
    world = start()
    await world
  })
  after(async () => {
    const started = await world
    await started[Symbol.asyncDispose]()
  })

  const faultTest = (name: string, strike: () => Promise<string>): void => {
    if (chosen?.some(word => name.includes(word)) ?? true)
      test(name, async t => {
        try {
          t.diagnostic(await strike())
        } catch (error) {
          t.diagnostic(`repeat it with SEED=${seed} FAULTS='${name}' make test-faults`)
          throw error
        }
      })
  }

  for (const fault of faults) {
    const { name, pubsubLoses, because } = fault
    const foretold = withPubsub ? `; pubsub loses ${pubsubLoses}, for ${because}` : ''
    faultTest(`${name}: streams loses nothing${foretold}`, async () =>
      act(await world, [fault], new Random(`${seed}/${name}`)),
    )
  }

  for (const pair of drawPairs(new Random(`${seed}/pairs`), pairCount)) {
    faultTest(`two at once: ${pairName(pair)}`, async () =>
      act(await world, pair, new Random(`${seed}/${pairName(pair)}`)),
    )
  }

  const megabytes = largeBytes / 1e6
  faultTest(
    `a client that stops reading while ${megabytes} MB pass ends with all or one gap; the others lose nothing`,
    async () => stopReading((await world).streams, largeBytes),
  )
  if (withPubsub)
    faultTest(
      'a client that stops reading while 40 MB pass: pubsub loses what was not yet sent to it',
      async () => stopReading(pubsubOf(await world), 40_000_000),
    )
}

function pubsubOf({ pubsub }: World): Side {
  if (pubsub === undefined) throw new Error('there is no side with BUS=pubsub')
  return pubsub
}
