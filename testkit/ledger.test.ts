import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audit, auditText, type Entry } from './ledger.ts'
import { Random } from './random.ts'

const entries = (publisher: string, ...sequences: number[]): Entry[] =>
  sequences.map(sequence => ({ publisher, sequence }))

const published = entries('p', 0, 1, 2, 3)
const clean = { lost: [], doubled: [], disordered: [] }

test('all, once and in order, is clean', () => {
  assert.deepEqual(audit(published, published), clean)
})

test('an acknowledged event that never came is lost, even where a duplicate makes the counts equal', () => {
  assert.deepEqual(audit(published, entries('p', 0, 1, 1, 3)), {
    lost: ['p/2'],
    doubled: ['p/1'],
    disordered: [],
  })
})

test('an event that comes after a later one of its publisher is out of order', () => {
  assert.deepEqual(audit(published, entries('p', 0, 2, 1, 3)), { ...clean, disordered: ['p/1'] })
})

test('an event that comes again later is a duplicate, and not out of order as well', () => {
  assert.deepEqual(audit(published, entries('p', 0, 1, 2, 3, 1)), { ...clean, doubled: ['p/1'] })
})

test('the order of different publishers among each other is free', () => {
  const both = [...entries('p', 0, 1), ...entries('q', 0, 1)]

  assert.deepEqual(audit(both, [...entries('q', 0), ...entries('p', 0, 1), ...entries('q', 1)]), clean)
})

test('an event that was never acknowledged may arrive, once', () => {
  assert.deepEqual(audit(published, [...published, ...entries('p', 4)]), clean)
  assert.deepEqual(audit(published, [...published, ...entries('p', 4, 4)]), { ...clean, doubled: ['p/4'] })
})

test('a report names the first few of each kind', () => {
  const text = auditText(audit(entries('p', 0, 1, 2, 3, 4, 5, 6), entries('p', 6, 5)))

  assert.equal(text, 'lost 5 (p/0 p/1 p/2 p/3 p/4), duplicate 0, out of order 1 (p/5)')
})

test('the same seed draws the same, another seed does not, and every face comes up', () => {
  assert.deepEqual(draws('7/kill'), draws('7/kill'))
  assert.notDeepEqual(draws('7/kill'), draws('8/kill'))
  assert.equal(new Set(Array.from({ length: 50 }, (_, n) => draws(String(n))).flat()).size, 6)
})

function draws(seed: string): number[] {
  const random = new Random(seed)
  return Array.from({ length: 20 }, () => random.integer(1, 6))
}
