import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kindOf } from './kind.ts'

test('a side is broken where its workers cannot hear each other, and another side shows how it is done', () => {
  assert.equal(kindOf('memory', 2), 'broken')
})

test('a side whose workers share a bus is fixed, also by itself', () => {
  assert.deepEqual(
    [kindOf('streams', 2), kindOf('pubsub', 2), kindOf('streams', 1)],
    ['fixed', 'fixed', 'fixed'],
  )
})

test('a server alone with the memory bus is neither: as with npm run dev, it has one worker', () => {
  assert.equal(kindOf('memory', 1), 'single')
})
