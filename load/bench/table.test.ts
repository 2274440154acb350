import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, ratios, rowText } from './table.ts'

const limit = { name: 'limit', answers: [10, 5, 8], p99Ms: [1, 2, 3] }
const lab = { name: 'lab', answers: [15, 10, 12], p99Ms: [4, 5, 6] }

test('a ratio compares what was measured in the same round', () => {
  assert.deepEqual(ratios(lab, limit), [1.5, 2, 1.5])
})

test('a row says the median, the least and the most, and the ratio to the first', () => {
  const [title, first, second] = rowText('a row', [limit, lab]).split('\n')
  assert.equal(title, 'a row')
  assert.match(first ?? '', /^ {2}limit +8\.0 \(5\.0 to 10\.0\) +p99 2\.0 ms$/)
  assert.match(
    second ?? '',
    /^ {2}lab +12\.0 \(10\.0 to 15\.0\) +1\.50 \(1\.50 to 2\.00\) x limit +p99 5\.0 ms$/,
  )
})

test('one round has no spread, and idle streams no latency', () => {
  assert.match(
    rowText('a row', [{ name: 'lab', answers: [290_123.4], p99Ms: [0] }]),
    /^a row\n {2}lab +290,123$/,
  )
})

test('the median of an even number is the higher one, and of none no number', () => {
  assert.equal(median([4, 1, 3, 2]), 3)
  assert.ok(Number.isNaN(median([])))
})
