import type { Random } from '@sse-lab/testkit/random.ts'
import { closeStreams } from '@sse-lab/testkit/stream.ts'
import type { Effect, Fault } from './fault.ts'
import { Load } from './load.ts'
import { Phases } from './phases.ts'
import type { World } from './world.ts'

/** Strikes the faults under load, waits until all is well, and checks what each side lost. Returns it, a line for each side. */
export async function act(world: World, faults: Fault[], random: Random): Promise<string> {
  const { streams, pubsub } = world
  const isLossy = faults.some(({ pubsubLoses }) => pubsubLoses !== 'nothing')
  const sides = isLossy ? [streams, pubsub] : [streams]
  await Promise.all(sides.map(async side => await side.openClients()))
  const load = new Load(streams)
  const phases = new Phases(pubsub)
  try {
    await load.goesOn()
    if (isLossy) await phases.publish(pubsub.base, 'all')

    const effects: Effect[] = []
    for (const fault of faults) effects.push(await fault.begin({ world, sides, random }))
    const deaf = new Set(effects.flatMap(effect => effect.deaf))
    if (!effects.some(({ silences }) => silences)) await load.goesOn()
    // Past nginx, to the server whose link no fault of a pair hurts: it can be acknowledged.
    const missed = isLossy ? await phases.publish(pubsub.a.url) : []
    // All at once: the end of one may wait for what the other still holds back.
    await Promise.all(effects.map(async effect => await effect.end()))

    await world.ready()
    await phases.comeBack(isLossy ? pubsub.clients : [], deaf)
    if (isLossy) await phases.publish(pubsub.base, 'all')
    await load.end()
    const reports = [load.report(), ...(isLossy ? [phases.report(missed, deaf)] : [])]
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
