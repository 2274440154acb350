import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bestOther, median, ratios, rowText } from './table.ts'

const limit = { name: 'limit', answers: [10, 5, 8], p50Ms: [0.5, 1, 1.5], p99Ms: [1, 2, 3] }
const lab = { name: 'lab', answers: [15, 10, 12], p50Ms: [1, 2, 3], p99Ms: [4, 5, 6] }

test('a ratio compares what was measured in the same round', () => {
  assert.deepEqual(ratios(lab, limit), [1.5, 2, 1.5])
})

test('a row says the median, the least and the most, and the ratio to the first', () => {
  const [title, first, second] = rowText('a row', [limit, lab]).split('\n')
  assert.equal(title, 'a row')
  assert.match(first ?? '', /^ {2}limit +8\.0 \(5\.0 to 10\.0\) +p50 1\.0, p99 2\.0 \(1\.0 to 3\.0\) ms$/)
  assert.match(
    second ?? '',
    /^ {2}lab +12\.0 \(10\.0 to 15\.0\) +1\.50 \(1\.50 to 2\.00\) x limit +p50 2\.0, p99 5\.0 \(4\.0 to 6\.0\) ms$/,
  )
})

test('the lab is compared with the best of the others, too, and each says what it did not deliver', () => {
  const nchan = { name: 'nchan', answers: [10, 10, 10], p50Ms: [0], p99Ms: [0] }
  const mercure = {
    name: 'Mercure',
    answers: [30, 20, 24],
    p50Ms: [0],
    p99Ms: [0],
    remarks: ['lost 1 of 5', 'lost 1 of 5'],
  }
  const failed = { name: 'none', answers: [], p50Ms: [], p99Ms: [], remarks: ['failed: it did not start'] }
  const lines = rowText('a row', [limit, lab, mercure, nchan, failed]).split('\n')
  assert.match(lines[2] ?? '', / 1\.20 \(1\.00 to 1\.50\) x nchan/)
  assert.match(lines[3] ?? '', /x limit +lost 1 of 5$/)
  assert.match(lines[4] ?? '', /^ {2}nchan .* x limit$/)
  assert.match(lines[5] ?? '', /^ {2}none +failed: it did not start$/)
})

test('the best has the least of what costs, and the most of what is wanted; the limit is nobody', () => {
  const some = [
    limit,
    lab,
    { name: 'nchan', answers: [9], p50Ms: [], p99Ms: [] },
    { name: 'Express', answers: [11], p50Ms: [], p99Ms: [] },
  ]
  assert.equal(bestOther(some, false)?.name, 'nchan')
  assert.equal(bestOther(some, true)?.name, 'Express')
  assert.equal(bestOther([limit, lab], false), undefined)
})

test('one round has no spread, and idle streams no latency', () => {
  assert.match(
    rowText('a row', [{ name: 'lab', answers: [290_123.4], p50Ms: [0], p99Ms: [0] }]),
    /^a row\n {2}lab +290,123$/,
  )
})

test('the median of an even number is the higher one, and of none no number', () => {
  assert.equal(median([4, 1, 3, 2]), 3)
  assert.ok(Number.isNaN(median([])))
})
