import assert from 'node:assert/strict'
import { it } from 'node:test'
import { RateLimit } from './rate-limit.ts'

it('calls fill up again with time, up to one second of them', () => {
  let now = 0
  const limit = new RateLimit(10, () => now)
  const taken = () => Array.from({ length: 30 }, () => limit.take('a')).filter(Boolean).length
  assert.equal(taken(), 10)
  assert.equal(limit.take('b'), true)
  now += 350
  assert.equal(taken(), 3)
  now += 60_000
  assert.equal(taken(), 10)
})

it('nobody is remembered who has everything', () => {
  let now = 0
  const limit = new RateLimit(10, () => now)
  for (let i = 0; i < 1000; i++) limit.take(`subject ${i}`)
  limit.sweep()
  assert.equal(limit.size, 1000)
  now += 100
  limit.sweep()
  assert.equal(limit.size, 0)
})
