import { docker, type ListedWorker } from '@sse-lab/testkit/stack.ts'
import { onEachSide, type Effect, type Scene } from './fault.ts'
import type { Server, Side } from './side.ts'

/** What pubsub loses by it, and why. */
export const withItsStreams = {
  pubsubLoses: 'what the deaf clients miss',
  because: 'its streams are cut, and what comes while their clients are away is kept nowhere',
} as const

/** Ends one worker of server `a` on each side, in the way that `end` says, and waits for another in its place. */
export async function losingAWorker(
  scene: Scene,
  end: (side: Side, victim: ListedWorker) => Promise<void>,
): Promise<Effect> {
  const instance = scene.random.integer(0, 1)
  return await onEachSide(scene, async side => {
    const victim = await workerOf(side.a, instance)
    const deaf = side.clientsOn(victim)
    await side.cutting(deaf, async () => await end(side, victim))
    return {
      deaf,
      async end() {
        const { pid } = await workerOf(side.a, instance)
        if (pid === victim.pid) throw new Error(`the worker ${victim.worker} is still there`)
      },
    }
  })
}

/** The worker of a server that has this instance number. */
export async function workerOf(server: Server, instance: number): Promise<ListedWorker> {
  const found = (await server.workers()).find(worker => worker.instance === instance)
  if (found === undefined) throw new Error(`${server.url} has no worker ${instance}`)
  return found
}

/** What a process of a server has logged. */
export async function logOf({ id }: Server, pid: number): Promise<string> {
  const lines = (await docker('logs', '--since', '60s', id)).split('\n')
  return lines.filter(line => line.includes(`"pid":${pid},`)).join('\n')
}
