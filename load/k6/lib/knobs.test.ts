import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readKnobs } from './knobs.ts'
import { readSides } from './sides.ts'

test('without environment every knob has its default, and an empty variable counts as absent', () => {
  const knobs = readKnobs({ RATE: '' })

  assert.deepEqual(
    [knobs.streams, knobs.rate, knobs.durationS, knobs.quietS, knobs.completeS],
    [1000, 20, 20, 70, 30],
  )
})

test('times are in seconds or minutes', () => {
  const knobs = readKnobs({ DURATION: '90s', QUIET: '2m' })

  assert.deepEqual([knobs.durationS, knobs.quietS], [90, 120])
})

test('one error names every bad knob, with its value and what it must be', () => {
  assert.throws(
    () => readKnobs({ STREAMS: '1e3', DURATION: '0s', STEPS: '10,x' }),
    /^Error: knobs: STREAMS must be an integer 1-100000 \(got "1e3"\); DURATION must be a time .*"0s"\); STEPS must be .*"10,x"\)$/,
  )
  assert.throws(() => readKnobs({ STEPS: '500,500' }), /STEPS must be rising integers .*"500,500"/)
})

test('sides are those of the lab by name, or one that is given by its URL and of which everything is expected', () => {
  const named = readSides({ SIDES: 'broken,fixed', FIXED_URL: 'http://localhost:8080' })
  const given = readSides({ URL: 'http://localhost:3000', SIDES: 'broken' })

  assert.deepEqual(
    named.map(({ name, url, expects }) => [name, url, expects]),
    [
      ['broken', 'http://nginx:8081', 'loss'],
      ['fixed', 'http://localhost:8080', 'delivery'],
    ],
  )
  assert.deepEqual(
    given.map(({ name, expects, quiet }) => [name, expects, quiet]),
    [['given', 'delivery', 'lives']],
  )
})

test('a side that is not there and a URL with a path are errors that say what to choose', () => {
  assert.throws(() => readSides({ SIDES: 'fixd' }), /SIDES must be of fixed, broken \(got "fixd"\)/)
  assert.throws(() => readSides({ URL: 'http://localhost/events' }), /URL must be like .*without a path/)
})
