import { setTimeout as pause } from 'node:timers/promises'
import { until } from '@sse-lab/testkit/wait.ts'
import { onEachSide, type Fault } from './fault.ts'
import { logOf, losingAWorker, withItsStreams, workerOf } from './losing-a-worker.ts'

const blockedMs = 3000

export const killed: Fault = {
  name: 'SIGKILL a worker',
  ...withItsStreams,
  hits: ['workers'],
  begin: async scene =>
    await losingAWorker(scene, async ({ a }, { pid }) => {
      await a.signal('KILL', pid)
    }),
}

export const killedInItsStart: Fault = {
  name: 'SIGKILL a worker, and the next one in the middle of its start',
  ...withItsStreams,
  hits: ['workers'],
  async begin(scene) {
    // A start takes 0.5 s, and a third of that on a fast machine.
    const delay = (scene.random.integer(0, 80) / 1000).toFixed(3)
    return await losingAWorker(scene, async ({ a }, { pid }) => {
      // A loop in the container: from here, each look would take longer than the start.
      const newborn = Number(await a.exec('sh', '-c', killTheNext, 'sh', String(pid), delay))
      const lines = await logOf(a, newborn)
      if (!(newborn > 0) || lines.includes('"ready"')) throw new Error(`${newborn} was ready already`)
    })
  },
}

// Kills the worker $1, and $2 seconds after another process has come in its place, that one. Prints its pid.
const killTheNext = `
  old=" $(pgrep -P 1 | tr '\\n' ' ')"
  kill -KILL $1
  while :; do
    for pid in $(pgrep -P 1); do
      case "$old" in *" $pid "*) continue ;; esac
      sleep $2
      kill -KILL $pid && echo $pid
      exit
    done
  done`

export const killedWhenReady: Fault = {
  name: 'SIGKILL a worker, and the next one as soon as it is ready',
  ...withItsStreams,
  hits: ['workers', 'redis'],
  begin: async scene =>
    await losingAWorker(scene, async ({ a }, { pid }) => {
      const before = new Set(await a.pids())
      await a.signal('KILL', pid)
      const next = await until('the next worker to be ready', 10_000, async () => {
        const newborn = (await a.pids()).find(it => !before.has(it))
        return newborn !== undefined && (await logOf(a, newborn)).includes('"ready"') && newborn
      })
      await a.signal('KILL', next)
    }),
}

export const blocked: Fault = {
  name: 'the event loop of a worker stands still for 3 s',
  pubsubLoses: 'nothing',
  because: 'Redis and the kernel hold for it what it does not read',
  // It cannot subscribe again, nor say hello to a client.
  hits: ['workers', 'redis', 'clients'],
  async begin(scene) {
    const instance = scene.random.integer(0, 1)
    return await onEachSide(scene, async ({ a }) => {
      const { pid } = await workerOf(a, instance)
      // Stopped, it neither reads nor writes nor answers, as with a loop that never ends its turn.
      await a.signal('STOP', pid)
      const goesOn = pause(blockedMs).then(async () => await a.signal('CONT', pid))
      await until('the worker to stand still', 2000, async () =>
        (await a.exec('ps', '-o', 'stat=', '-p', String(pid))).startsWith('T'),
      )
      return { deaf: [], end: async () => await goesOn }
    })
  },
}
