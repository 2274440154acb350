import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { partitionsMax, readCursor, writeCursor } from './cursor.ts'
import { byPartition, partitionOf, scopeOf } from './scope.ts'

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const id = fc.tuple(uint64, uint64).map(([ms, sequence]) => `${ms}-${sequence}`)
const positions = fc
  .uniqueArray(fc.integer({ min: 0, max: partitionsMax - 1 }), { minLength: 1 })
  .chain(ns => fc.tuple(...ns.map(n => id.map(one => [n, one] as const))))
  .map(entries => new Map(entries))

test('any positions come back as they were, in any order, in one line that a header may hold', () => {
  fc.assert(
    fc.property(positions, given => {
      const text = writeCursor(given)

      assert.match(text, /^[\w:-]{1,2048}$/)
      assert.deepEqual(readCursor(text), new Map([...given].toSorted(([a], [b]) => a - b)))
      assert.equal(writeCursor(new Map([...given].toReversed())), text)
    }),
  )
})

test('a text is read in one way or not at all: what is read is written as the same text', () => {
  const near = positions.map(writeCursor).chain(text =>
    fc.tuple(fc.nat(text.length), fc.string({ maxLength: 3 })).map(([at, more]) => {
      return text.slice(0, at) + more + text.slice(at + more.length)
    }),
  )
  const bytes = fc.uint8Array({ maxLength: 60 }).map(some => Buffer.from(some).toString('base64url'))
  fc.assert(
    fc.property(fc.oneof(fc.string(), near, bytes), text => {
      const read = readCursor(text)

      if (read === undefined) return
      assert.equal(writeCursor(read), text)
      for (const [n, one] of read) assert.match(`${n}:${one}`, /^\d{1,2}:\d{1,20}-\d{1,20}$/)
    }),
    { numRuns: 2000 },
  )
})

for (const text of [
  '',
  ':',
  '1-0',
  '64:1-0',
  '03:1-0',
  '3:1',
  '3:1-0 ',
  '3:18446744073709551616-0',
  '3:1-0,4:1-0',
  `3:${'1'.repeat(3000)}-0`,
  'AAAA',
  '/w==',
]) {
  test(`${JSON.stringify(text.slice(0, 30))} is no cursor`, () => {
    assert.equal(readCursor(text), undefined)
  })
}

test('one position is its id with the partition in front; twelve of one minute are at most 90 characters', () => {
  assert.equal(writeCursor(new Map([[3, '1795729932325-7']])), '3:1795729932325-7')
  const twelve = Array.from({ length: 12 }, (_, n) => [n, `${1_795_729_932_325 - n * 5000}-${n}`] as const)
  assert.ok(writeCursor(new Map(twelve)).length <= 90)
})

test('topics of one scope are in one log, and a scope is where it was', () => {
  assert.deepEqual(['acme/orders', 'acme/chat/1', 'acme', '/x', ''].map(scopeOf), [
    'acme',
    'acme',
    'acme',
    '',
    '',
  ])
  // To move one would hide what it holds: these must never change.
  assert.deepEqual(
    ['acme', 'lobby', 'tenant-1', 'tenant-2', 'ä'].map(scope => partitionOf(scope, 12)),
    [2, 11, 7, 5, 11],
  )
  fc.assert(
    fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: partitionsMax }), (topics, count) => {
      const parts = byPartition(topics, count)

      assert.deepEqual([...parts.values()].flat().toSorted(), topics.toSorted())
      for (const [n, some] of parts)
        for (const topic of some) assert.equal(partitionOf(`${scopeOf(topic)}/other`, count), n)
    }),
  )
})

test('many scopes spread evenly', () => {
  const counts = Array.from({ length: 12 }, () => 0)
  for (let n = 0; n < 12_000; n += 1) {
    const partition = partitionOf(`tenant-${n}/orders`, 12)
    counts[partition] = (counts[partition] ?? 0) + 1
  }

  assert.ok(Math.min(...counts) > 800 && Math.max(...counts) < 1200, counts.join(' '))
})
