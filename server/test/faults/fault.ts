import type { Random } from '@sse-lab/testkit/random.ts'
import type { TestStream } from '@sse-lab/testkit/stream.ts'
import type { Side } from './side.ts'
import type { World } from './world.ts'

/** What a fault disturbs. Two faults can be struck at once if they have none of these in common. */
type Part = 'workers' | 'servers' | 'links' | 'redis' | 'proxy' | 'clients'

/** Where a fault strikes: on every one of `sides` in the same way, with what it draws from `random`. */
export type Scene = { world: World; sides: Side[]; random: Random }

/** A fault that is seen to be in effect. */
export type Effect = {
  /** Clients that hear nothing while it lasts: with BUS=pubsub they lose what is acknowledged meanwhile, and no others do. */
  deaf: TestStream[]
  /** Nothing that goes through nginx can be acknowledged while it lasts. */
  silences?: true
  end(): Promise<void>
}

export type Fault = {
  name: string
  /** What BUS=pubsub loses, said beforehand. `nothing` faults are not run with it; the others must lose exactly that. */
  pubsubLoses: 'nothing' | 'what the deaf clients miss'
  /** Why it loses that. */
  because: string
  hits: Part[]
  /** Strikes, and resolves when the fault is in effect; fails if it did not take place. */
  begin(scene: Scene): Promise<Effect>
}

/** Strikes each side in the same way, all at once. */
export async function onEachSide({ sides }: Scene, strike: (side: Side) => Promise<Effect>): Promise<Effect> {
  const effects = await Promise.all(sides.map(strike))
  return {
    deaf: effects.flatMap(({ deaf }) => deaf),
    ...(effects.some(({ silences }) => silences) && { silences: true }),
    end: async () => {
      await Promise.all(effects.map(async effect => await effect.end()))
    },
  }
}
