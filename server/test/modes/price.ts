import { startWatched } from './redis-groups.ts'
import { createSse } from '../../src/sse.ts'

/** What CONFIRM costs: publishes a second, and the median time of one, with 1 to 64 at once. `node server/test/modes/price.ts`. */
const ms = 3000
const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

await using group = await startWatched()
for (let round = 1; round <= 3; round += 1) {
  for (const confirm of [0, 1]) {
    const sse = createSse({ redis: group.url, redisMode: 'sentinel', confirm, log: silent, drainMs: 100 })
    await sse.untilReady()
    for (const publishers of [1, 16, 64])
      process.stdout.write(`round ${round}: ${await measure(publishers)}\n`)
    await sse.drain()

    async function measure(publishers: number): Promise<string> {
      const times: number[] = []
      const until = performance.now() + ms
      await Promise.all(
        Array.from({ length: publishers }, async () => {
          while (performance.now() < until) {
            const begun = performance.now()
            await sse.publish('a', 'x'.repeat(120))
            times.push(performance.now() - begun)
          }
        }),
      )
      const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN
      const rate = Math.round(times.length / (ms / 1000))
      return `CONFIRM=${confirm}, ${publishers} at once: ${rate}/s, median ${median.toFixed(2)} ms`
    }
  }
}
