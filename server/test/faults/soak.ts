import { randomInt } from 'node:crypto'
import { Random } from '@sse-lab/testkit/random.ts'
import { act } from './act.ts'
import { faults } from './faults.ts'
import { pairs } from './pairs.ts'
import { startLabWorld } from './lab-world.ts'

/** `make soak`: faults and pairs of them, drawn one after another, until the time is over or something is lost. */
const seed = process.env.SEED || String(randomInt(1_000_000))
const minutes = Number(process.env.MINUTES || 10)
const firstStep = Number(process.env.STEP || 0)

await using world = await startLabWorld()
const endsAt = Date.now() + minutes * 60_000
let step = firstStep
process.stdout.write(`soaking for ${minutes} minutes with SEED=${seed}\n`)
// A step draws from its own number, so that the last one can be repeated without those before it.
for (; step === firstStep || Date.now() < endsAt; step += 1) {
  const random = new Random(`${seed}/${step}`)
  const struck = random.next() < 0.5 ? [random.pick(faults)] : random.pick(pairs)
  process.stdout.write(`${step}  ${struck.map(({ name }) => name).join(', and ')}\n`)
  try {
    process.stdout.write(`${await act(world, struck, random)}\n`)
  } catch (error) {
    process.stdout.write(`${String(error)}\nrepeat it with: SEED=${seed} STEP=${step} MINUTES=1 make soak\n`)
    process.exitCode = 1
    break
  }
}
process.stdout.write(`${step - firstStep} steps held\n`)
