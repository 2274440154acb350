import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainLoss } from './loss.ts'

test('a loss between two workers on the memory bus names both, and why', () => {
  const loss = { id: '1', seq: 1, publishedBy: '0123456789abcdef/2', heldBy: '0123456789abcdef/0' }

  const line = explainLoss(3, loss, 'memory')

  assert.equal(
    line,
    '3 events lost. The last one was published by worker 0123456789ab/2, this stream is held by worker 0123456789ab/0; ' +
      'worker 0123456789ab/0 never heard of it.',
  )
})

test('a loss on the stream’s own worker, or on a bus between workers, claims no cause', () => {
  const own = explainLoss(1, { id: '1', seq: 1, publishedBy: 'a/0', heldBy: 'a/0' }, 'memory')
  const bus = explainLoss(1, { id: '1', seq: 1, publishedBy: 'a/1', heldBy: 'a/0' }, 'streams')

  assert.doesNotMatch(own, /never heard/)
  assert.doesNotMatch(bus, /never heard/)
})

test('a loss while the stream was not open says so', () => {
  const line = explainLoss(1, { id: '1', seq: 1, publishedBy: 'a/1', heldBy: undefined }, 'memory')

  assert.equal(line, '1 event lost. It was published while this stream was not open.')
})
