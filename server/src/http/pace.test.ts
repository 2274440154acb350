import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Fleet } from '../sse-types.ts'
import { Pace } from './pace.ts'

const settings = { returnsPerSecond: 500, opensPerSecondMax: 100, fleet: undefined }
const minuteMs = 60_000

it('so many streams a second are taken, and the next ones when time has passed', () => {
  let now = 0
  const pace = new Pace(settings, () => now)
  const taken = () => Array.from({ length: 300 }, () => pace.take()).filter(Boolean).length
  assert.equal(taken(), 100)
  assert.equal(taken(), 0)
  now += 250
  assert.equal(taken(), 25)
  now += minuteMs
  assert.equal(taken(), 100, 'a quiet minute is not saved up')
})

it('the streams of a worker come back over as many seconds as they need, by the fleet if it is known, else by its own', () => {
  let fleet: Fleet | undefined
  const pace = () => new Pace({ ...settings, fleet: () => fleet }, () => 0)
  assert.equal(pace().spreadMs(10_000), 20_000)
  fleet = { streams: 40_000, workers: 4 }
  assert.equal(pace().spreadMs(0), 20_000, 'an empty worker beside three full ones')
  fleet = { streams: 40_000, workers: 2 }
  assert.equal(pace().spreadMs(5000), 40_000, 'half of the workers are gone')
  fleet = { streams: 0, workers: 2 }
  assert.equal(pace().spreadMs(5000), 10_000, 'they came after the fleet was counted')
  fleet = { streams: 0, workers: 0 }
  assert.equal(pace().spreadMs(0), 0)
})

it('a fleet that has just lost its streams is still large: what is known falls by half in a minute', () => {
  let now = 0
  const pace = new Pace(settings, () => now)
  pace.spreadMs(8000)
  assert.equal(pace.spreadMs(0), 16_000)
  now += minuteMs
  assert.equal(Math.round(pace.spreadMs(0)), 8000)
  assert.equal(pace.spreadMs(10_000), 20_000, 'it grows at once')
})

it('nobody waits longer than two minutes, whatever somebody writes into Redis', () => {
  const pace = new Pace({ ...settings, fleet: () => ({ streams: 1e300, workers: 1 }) })
  assert.equal(pace.spreadMs(1), 2 * minuteMs)
})
