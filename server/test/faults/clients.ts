import { until } from '@sse-lab/testkit/wait.ts'
import type { Fault, Scene } from './fault.ts'
import type { Side } from './side.ts'

const rounds = 4
// Within hello, within the first events after it, within the later ones.
const bytesMax = [150, 800, 2500]
// Two heartbeats: with no event under way the cut falls into one of those.
const quietBytesMax = 60

async function cutAgainAndAgain({ clients }: Side, { random }: Scene): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const cuts = clients.map(client => client.cuts)
    for (const client of clients) client.cutAfter(random.integer(1, random.pick(bytesMax)))
    await until('every client to be cut', 5000, () =>
      clients.every((client, index) => client.cuts > (cuts[index] ?? 0)),
    )
  }
}

export const cutAtRandomBytes: Fault = {
  name: 'clients are cut at random bytes',
  pubsubLoses: 'what the deaf clients miss',
  because: 'what comes while a client is away is kept nowhere',
  hits: ['clients'],
  async begin(scene) {
    const { world, sides, random } = scene
    // One that another fault has cut already is away, and stays so.
    const there = (world.pubsub?.clients ?? []).filter(({ worker }) => worker !== undefined)
    const sure = there.length > 0 ? random.pick(there) : undefined
    const deaf = there.filter(client => random.next() < 0.5 || client === sure)
    await Promise.all(
      sides.map(async side => {
        if (side === world.streams) await cutAgainAndAgain(side, scene)
        else
          await side.cutting(deaf, async () => {
            for (const client of deaf) client.cutAfter(random.integer(1, quietBytesMax))
          })
      }),
    )
    return { deaf, end: async () => undefined }
  },
}
