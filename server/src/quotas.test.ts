import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Quotas } from './quotas.ts'

it('a subject that has all its streams gets no more until one ends, and others do not notice', () => {
  const quotas = new Quotas({ subjectStreamsMax: 2, subjectPublishesPerSecondMax: 1 })
  const [first] = [quotas.takeStream('a'), quotas.takeStream('a')]
  assert.equal(quotas.takeStream('a'), undefined)
  assert.ok(quotas.takeStream('b'))
  first?.()
  first?.() // a place that was given back twice would be two
  assert.ok(quotas.takeStream('a'))
  assert.equal(quotas.takeStream('a'), undefined)
})

it('publishes fill up again with time, up to one second of them', () => {
  let now = 0
  const quotas = new Quotas({ subjectStreamsMax: 1, subjectPublishesPerSecondMax: 10 }, () => now)
  const taken = () => Array.from({ length: 30 }, () => quotas.takePublish('a')).filter(Boolean).length
  assert.equal(taken(), 10)
  assert.equal(quotas.takePublish('b'), true)
  now += 350
  assert.equal(taken(), 3)
  now += 60_000
  assert.equal(taken(), 10)
})

it('nobody is remembered who has everything', () => {
  let now = 0
  const quotas = new Quotas({ subjectStreamsMax: 1, subjectPublishesPerSecondMax: 10 }, () => now)
  for (let i = 0; i < 1000; i++) quotas.takePublish(`subject ${i}`)
  const giveBack = quotas.takeStream('a')
  quotas.sweep()
  assert.equal(quotas.size, 1001)
  giveBack?.()
  now += 100
  quotas.sweep()
  assert.equal(quotas.size, 0)
})
