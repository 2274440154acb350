import { randomInt } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Random } from '@sse-lab/testkit/random.ts'
import { act } from './act.ts'
import { faults } from './faults.ts'
import { drawPairs, pairName } from './pairs.ts'
import { stopReading } from './stopped-client.ts'
import { World } from './world.ts'

const seed = process.env.SEED || String(randomInt(1_000_000))
process.stdout.write(`the schedule is that of SEED=${seed} make test-faults\n`)

const pairCount = 3

let world: World
before(async () => {
  world = await World.start()
})
after(async () => {
  await world[Symbol.asyncDispose]()
})

const chosen = process.env.FAULTS?.split('|')

/** A test of the suite. FAULTS='reload|nginx' runs only those whose name has one of the words. */
function faultTest(name: string, strike: () => Promise<string>): void {
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
  faultTest(`${name}: streams loses nothing; pubsub loses ${pubsubLoses}, for ${because}`, async () =>
    act(world, [fault], new Random(`${seed}/${name}`)),
  )
}

for (const pair of drawPairs(new Random(`${seed}/pairs`), pairCount)) {
  faultTest(`two at once: ${pairName(pair)}`, async () =>
    act(world, pair, new Random(`${seed}/${pairName(pair)}`)),
  )
}

faultTest(
  'a client that stops reading while 100 MB pass ends with all or one gap; the others lose nothing',
  () => stopReading(world.streams, 100_000_000),
)

faultTest('a client that stops reading while 40 MB pass: pubsub loses what was not yet sent to it', () =>
  stopReading(world.pubsub, 40_000_000),
)
