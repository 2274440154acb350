import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareIds, idAbove, idBelow, idTime, isId } from './ids.ts'

const largest = '18446744073709551615'

test('ids are compared as two numbers, not as text and not as JavaScript numbers', () => {
  const inOrder = [
    '0-0',
    '5-9',
    '5-10',
    '999-0',
    '1000-0',
    `1000-${largest.slice(0, -1)}4`,
    `1000-${largest}`,
    '1001-0',
  ]

  const shuffled = inOrder.toReversed()

  assert.deepEqual(
    shuffled.toSorted((a, b) => compareIds(a, b)),
    inOrder,
  )
  assert.equal(compareIds('7-1', '7-1'), 0)
})

test('only what Redis would give is an id', () => {
  for (const id of ['0-0', '1700000000000-12', `1-${largest}`]) assert.ok(isId(id), id)
  for (const text of [
    '',
    '5',
    '5-',
    '-5',
    '05-1',
    '5-01',
    '5-1-1',
    ' 5-1',
    '5-1\n',
    '$',
    '+',
    'a-b',
    `1-${largest}0`,
  ])
    assert.ok(!isId(text), text)
})

test('nothing lies between an id and the one below or above it', () => {
  assert.deepEqual(['5-7', '5-0', '0-0'].map(idBelow), ['5-6', `4-${largest}`, '0-0'])
  assert.deepEqual(['5-7', `5-${largest}`].map(idAbove), ['5-8', '6-0'])
})

test('an id tells when Redis took the event', () => {
  assert.equal(idTime('1700000000000-12'), 1_700_000_000_000)
})
