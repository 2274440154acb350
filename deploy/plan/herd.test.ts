import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fittedRetry, simulateReturn, type Herd } from './herd.ts'

/** A thousand streams a second, if there is no load. */
const herd: Herd = {
  streams: 10_000,
  stay: 0,
  room: 20_000,
  hosts: { cores: 1, loadCores: 0 },
  workers: { cores: 1, loadCores: 0 },
  cost: { openUs: 600, returnUs: 400, laterUs: 500 },
  laterS: [1.5, 4.5],
}

test('where there is time for all, they are back when they were told to come, and connect once', () => {
  const { seconds, connects, fullSeconds } = simulateReturn(herd, [1, 21])

  assert.ok(seconds !== null && Math.abs(seconds - 21) < 0.5, String(seconds))
  assert.equal(connects.toFixed(3), '1.000')
  assert.equal(fullSeconds, 0)
})

test('where there is not, the time follows from what a return costs', () => {
  const { seconds, fullSeconds } = simulateReturn(herd, [1, 2])

  // 10,000 at a thousand a second, from the first one on.
  assert.ok(seconds !== null && Math.abs(seconds - 11) < 0.5, String(seconds))
  assert.ok(fullSeconds > 9)
})

test('the load of those who are back slows down the rest', () => {
  const loaded = { ...herd, hosts: { cores: 1, loadCores: 0.7 } }

  const [free, busy] = [simulateReturn(herd, [1, 2]), simulateReturn(loaded, [1, 2])]

  assert.ok(Number(busy.seconds) > 1.5 * Number(free.seconds))
})

test('whom the workers have no time for is told to come later, and connects again', () => {
  const few = { ...herd, hosts: { cores: 8, loadCores: 0 }, workers: { cores: 0.5, loadCores: 0 } }

  const { connects, seconds } = simulateReturn(few, [1, 2])

  assert.ok(connects > 1.5, String(connects))
  assert.ok(seconds !== null)
})

test('hosts that the load alone fills never get everybody back, and that is said', () => {
  const full = { ...herd, hosts: { cores: 1, loadCores: 2 } }

  const { seconds, back, waitSeconds } = simulateReturn(full, [1, 5])

  assert.equal(seconds, null)
  assert.ok(back > 0.4 && back < 0.51, String(back))
  assert.equal(fittedRetry(full, [1, 5]), Infinity)
  assert.equal(waitSeconds, 3600, 'nobody says how long it is beyond the hour that is simulated')
})

test('who finds no room is told to come later, again and again', () => {
  const { seconds, back, connects } = simulateReturn({ ...herd, room: 5000 }, [1, 5])

  assert.equal(seconds, null)
  assert.equal(back.toFixed(3), '0.500')
  assert.ok(connects > 100)
})

test('those who stay take their part of the cores', () => {
  const loaded = { ...herd, hosts: { cores: 1, loadCores: 0.8 } }

  const alone = simulateReturn(loaded, [1, 2])
  const beside = simulateReturn({ ...loaded, stay: 10_000 }, [1, 2])

  assert.ok(Number(beside.seconds) > Number(alone.seconds))
})

const herds = fc.record({
  streams: fc.integer({ min: 1000, max: 10_000_000 }),
  stay: fc.integer({ min: 0, max: 1_000_000 }),
  room: fc.constant(20_000_000),
  hosts: fc.record({
    cores: fc.integer({ min: 100, max: 1000 }),
    loadCores: fc.integer({ min: 0, max: 70 }),
  }),
  workers: fc.record({
    cores: fc.integer({ min: 50, max: 100 }),
    loadCores: fc.integer({ min: 0, max: 40 }),
  }),
  cost: fc.record({
    openUs: fc.integer({ min: 50, max: 2000 }),
    returnUs: fc.integer({ min: 50, max: 1000 }),
    laterUs: fc.integer({ min: 30, max: 2000 }),
  }),
  laterS: fc.constant([1.5, 4.5] as const),
})

test('told to spread over as long as fits, everybody connects once and nobody waits', () => {
  fc.assert(
    fc.property(herds, random => {
      const max = fittedRetry(random, [1, 5])
      const { connects, fullSeconds, seconds } = simulateReturn(random, [1, max])
      assert.ok(connects <= 1.001 && fullSeconds === 0, JSON.stringify({ connects, fullSeconds }))
      assert.ok(seconds !== null && seconds <= max + 0.2)
    }),
    { numRuns: 100 },
  )
})

test('nobody is lost and nobody counted twice, however full it is', () => {
  fc.assert(
    fc.property(herds, random => {
      const { back, connects } = simulateReturn(random, [1, 5])
      assert.ok(back > 0.998 && back < 1.001, String(back))
      assert.ok(connects > 0.998)
    }),
    { numRuns: 100 },
  )
})
