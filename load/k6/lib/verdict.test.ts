import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Side } from './sides.ts'
import { broken, fixed, rowWith } from './test-rows.ts'
import { table } from './table.ts'
import { verdict } from './verdict.ts'

const lost = { lost: 20, delivered: 30, lostRate: 0.4, lostPredicted: 20, lostRatePredicted: 0.4 }

test('nothing wrong is no sentence', () => {
  assert.deepEqual(verdict(rowWith({})), [])
  assert.deepEqual(verdict(rowWith(lost, broken)), [])
})

for (const [name, more, sentence] of [
  ['one lost delivery', { lost: 1 }, /1 of 50 deliveries were lost/],
  ['one duplicate delivery', { doubled: 1 }, /1 deliveries were duplicates/],
  ['one delivery out of order', { disordered: 1 }, /1 deliveries were out of order/],
  ['a stream that did not open', { streams: 9 }, /1 of 10 streams did not open/],
  ['an idle run', { published: 0 }, /nothing was published/],
  ['a publish that was refused', { refused: 2 }, /2 publishes were not acknowledged/],
  ['an event that nobody published', { foreign: 1 }, /1 events came that nobody here published/],
  ['a stream that was cut', { cuts: 1 }, /1 streams were cut/],
] as const) {
  test(`${name} fails the fixed side`, () => {
    const wrong = verdict(rowWith(more))

    assert.equal(wrong.length, 1)
    assert.match(wrong[0] ?? '', sentence)
  })
}

test('the broken side fails where it shows no problem, and where its loss is not the predicted one', () => {
  assert.match(verdict(rowWith({}, broken)).join(), /nothing was lost, although/)
  assert.match(verdict(rowWith({ ...lost, unexplained: 1 }, broken)).join(), /1 deliveries differ/)
})

test('silent streams of the broken side must each be cut, and a reconnect that cut nothing proves nothing', () => {
  assert.match(
    verdict(rowWith({ ...lost, cuts: 9 }, broken, 'quiet')).join(),
    /expected all 10 idle streams to be cut, 9 were/,
  )
  assert.deepEqual(verdict(rowWith({ ...lost, cuts: 10 }, broken, 'quiet')), [])
  assert.match(verdict(rowWith({}, fixed, 'reconnect')).join(), /no stream was cut/)
})

test('where nobody was silent for as long as the proxy waits, the verdict says so, and only there', () => {
  const uncut = { ...rowWith({ ...lost, cuts: 0 }, broken, 'quiet'), quietS: 6 }

  assert.match(
    verdict(uncut).join(),
    /expected all 10 idle streams to be cut, 0 were: QUIET=6s is shorter than the 60 s after which/,
  )
  assert.match(verdict({ ...uncut, quietS: 60 }).join(), /expected all 10 idle streams to be cut, 0 were$/)
  const cut = rowWith({ ...lost, cuts: 10 }, broken, 'quiet')
  assert.deepEqual(verdict({ ...cut, quietS: 6 }), [], 'another proxy may be faster')
})

test('another server may say things by itself, and be measured in silence; what it loses has no holder', () => {
  const given: Side = { name: 'given', url: 'http://a', expects: 'delivery', quiet: 'lives' }
  const example = { stream: 0, publisher: 'p0', sequence: 3, worker: '', holder: '' }

  assert.deepEqual(verdict(rowWith({ foreign: 7 }, given)), [])
  assert.deepEqual(verdict(rowWith({ published: 0, attempts: 0 }, given, 'quiet')), [])
  assert.match(verdict(rowWith({ published: 0, attempts: 0 }, given)).join(), /nothing was published/)
  assert.match(verdict(rowWith({ lost: 1, examples: [example] }, given)).join(), /, as event 3 of p0$/)
})

test('the table has a line for each row, predicted beside measured', () => {
  const text = table([
    rowWith({}),
    rowWith({ ...lost, cuts: 10, cutAfterMinMs: 60_010, cutAfterMaxMs: 60_900 }, broken),
  ])

  assert.match(text, /^script +side +workers +streams +published +delivered +lost +predicted +measured/)
  assert.match(text, /\nfanout +broken +0 +10 +5 +30 +20 +40\.00 % +40\.00 % .* 10 +60\.0 to 60\.9$/)
})
