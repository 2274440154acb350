import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Quotas } from './quotas.ts'

it('a subject that has all its streams gets no more until one ends, and others do not notice', () => {
  const quotas = new Quotas({ subjectStreamsMax: 2, subjectPublishesPerSecondMax: 1 })
  assert.ok(quotas.takeStream('a') && quotas.takeStream('a'))
  assert.equal(quotas.takeStream('a'), false)
  assert.ok(quotas.takeStream('b'))
  quotas.giveStream('a')
  assert.ok(quotas.takeStream('a'))
  assert.equal(quotas.takeStream('a'), false)
})
