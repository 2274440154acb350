import type { Random } from '@sse-lab/testkit/random.ts'
import { closeStreams } from '@sse-lab/testkit/stream.ts'
import type { Effect, Fault } from './fault.ts'
import { Load } from './load.ts'
import { Phases } from './phases.ts'
import type { World } from './world.ts'

/** Strikes the faults under load, waits until all is well, and checks what each side lost. Returns it, a line for each side. */
export async function act(world: World, faults: Fault[], random: Random): Promise<string> {
  const { streams, pubsub } = world
  const lossy = faults.some(({ pubsubLoses }) => pubsubLoses !== 'nothing') ? pubsub : undefined
  const sides = lossy === undefined ? [streams] : [streams, lossy]
  await Promise.all(sides.map(async side => await side.openClients()))
  const load = new Load(streams)
  const phases = lossy && new Phases(lossy)
  try {
    await load.goesOn()
    await phases?.publish('through nginx', 'all')

    const effects: Effect[] = []
    for (const fault of faults) effects.push(await fault.begin({ world, sides, random }))
    const deaf = new Set(effects.flatMap(effect => effect.deaf))
    if (!effects.some(({ silences }) => silences)) await load.goesOn()
    const missed = (await phases?.publish('past nginx')) ?? []
    // All at once: the end of one may wait for what the other still holds back.
    await Promise.all(effects.map(async effect => await effect.end()))

    await world.ready()
    await phases?.comeBack(deaf)
    await phases?.publish('through nginx', 'all')
    await load.end()
    const reports = [load.report(), ...(phases === undefined ? [] : [phases.report(missed, deaf)])]
    const text = reports.map(({ said, wrong }) => [said, ...wrong].join('\n  ')).join('\n')
    if (reports.some(({ wrong }) => wrong.length > 0)) throw new Error(text)
    return text
  } catch (error) {
    await load.end().catch(() => undefined)
    await world.mend()
    throw error
  } finally {
    closeStreams()
  }
}
