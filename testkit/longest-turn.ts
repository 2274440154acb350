import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')
const runs = 5

/**
 * How long `work` kept a turn of the event loop at most, in milliseconds of this thread's processor time: what others on the
 * machine do does not count, but for what a hypervisor takes. The best of five runs, each on what `prepare` makes, whose
 * garbage is collected before: compiling, and cleaning up behind the preparation, are not what is asked for.
 */
export async function longestTurn<T>(
  prepare: () => T | Promise<T>,
  work: (prepared: T) => Promise<void>,
): Promise<number> {
  let best = Infinity
  for (let run = 0; run < runs; run += 1) {
    const prepared = await prepare()
    collectGarbage()
    best = Math.min(best, await longestOf(async () => await work(prepared)))
  }
  return best
}

async function longestOf(work: () => Promise<void>): Promise<number> {
  let longest = 0
  let begun = processorMs()
  const look = () => {
    longest = Math.max(longest, processorMs() - begun)
    begun = processorMs()
    immediate = setImmediate(look)
  }
  let immediate = setImmediate(look)
  await work()
  longest = Math.max(longest, processorMs() - begun)
  clearImmediate(immediate)
  return longest
}

function processorMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
