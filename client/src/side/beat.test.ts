import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Beat } from './beat.ts'

test('it beats only while there is no reason not to, and at once when the last one goes', t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let beats = 0
  const beat = new Beat(() => (beats += 1))
  beat.pause('person')
  beat.resume('hidden')
  t.mock.timers.tick(5000)
  const paused = beats

  beat.resume('person')
  const atOnce = beats
  t.mock.timers.tick(3000)
  beat.pause('experiment')
  t.mock.timers.tick(5000)

  assert.deepEqual([paused, atOnce, beats], [0, 1, 4])
})

test('an experiment lends another rate, and what the person chose comes back', t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let beats = 0
  const beat = new Beat(() => (beats += 1))
  beat.resume('hidden')
  beat.lend(10)
  t.mock.timers.tick(1000)
  const lent = beats
  beat.giveBack()
  t.mock.timers.tick(1000)

  assert.deepEqual([lent, beats, beat.rate], [11, 12, 1])
})

test('what is lent runs although the person has paused, and is still again afterwards', t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let beats = 0
  const beat = new Beat(() => (beats += 1))
  beat.resume('hidden')
  beat.pause('person')
  const before = beats
  beat.lend(1)
  t.mock.timers.tick(3000)
  beat.giveBack()
  t.mock.timers.tick(3000)

  assert.equal(beats - before, 3)
})

test('the rate stays within its bounds', () => {
  const beat = new Beat(() => undefined)

  const rates = [0, 7.4, 1000].map(rate => {
    beat.setRate(rate)
    return beat.rate
  })

  assert.deepEqual(rates, [1, 7, 50])
})
