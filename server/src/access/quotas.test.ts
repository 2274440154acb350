import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Quotas } from './quotas.ts'

it('a subject that has all its streams gets no more until one ends, and others do not notice', () => {
  const quotas = new Quotas({ streams: 2, publishesPerSecond: 1 })
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
  const quotas = new Quotas({ streams: 1, publishesPerSecond: 10 }, () => now)
  const taken = () => Array.from({ length: 30 }, () => quotas.takePublish('a')).filter(Boolean).length
  assert.equal(taken(), 10)
  assert.equal(quotas.takePublish('b'), true)
  now += 350
  assert.equal(taken(), 3)
  now += 60_000
  assert.equal(taken(), 10)
})
