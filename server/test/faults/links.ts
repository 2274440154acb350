import { call } from '@sse-lab/testkit/publish.ts'
import type { Effect, Fault, Scene } from './fault.ts'

/** Hurts link `b` so that its workers do not hear Redis. */
async function deafen(scene: Scene, hurt: () => Promise<void>): Promise<Effect> {
  const { world, sides } = scene
  await hurt()
  for (const side of sides) await side.b.isCutOff()
  return {
    deaf: sides.flatMap(side => side.clientsOn(side.b)),
    end: async () => await world.links.b.mend(),
  }
}

export const cutLink: Fault = {
  name: 'the link of a server to Redis is cut',
  pubsubLoses: 'what the deaf clients miss',
  because: 'Redis publishes to the links that there are, and forgets',
  hits: ['links'],
  begin: async scene => await deafen(scene, async () => await scene.world.links.b.cut()),
}

export const resetLink: Fault = {
  name: 'every connection of a server to Redis is reset',
  pubsubLoses: 'what the deaf clients miss',
  because: 'it is deaf until it has subscribed again',
  hits: ['links'],
  begin: async scene => await deafen(scene, async () => await scene.world.links.b.reset()),
}

export const slowLink: Fault = {
  name: 'the link of a server to Redis is slow',
  pubsubLoses: 'nothing',
  because: 'late is not lost',
  hits: ['links'],
  async begin({ world, sides, random }) {
    const delayMs = random.integer(100, 400)
    // A round trip passes it twice, and takes at least 2 × (delay − jitter).
    await world.links.b.slow(delayMs, random.integer(0, 50))
    for (const { b } of sides) {
      const begun = Date.now()
      await call('GET', `${b.operatorsUrl}/api/workers`)
      const tookMs = Date.now() - begun
      if (tookMs < delayMs) throw new Error(`Redis answered within ${tookMs} ms over a link of ${delayMs} ms`)
    }
    return { deaf: [], end: async () => await world.links.b.mend() }
  },
}
