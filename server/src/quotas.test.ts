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
