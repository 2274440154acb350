import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kindOf, type Cut } from './cut.ts'

const ended = (ageMs: number, silenceMs: number, atMs = ageMs): Cut => ({
  ageMs,
  silenceMs,
  atMs,
  clean: false,
})

test('streams of different age that end after the same silence met an idle limit', () => {
  assert.equal(kindOf([ended(64_000, 60_050), ended(60_040, 60_040)], []), 'idle')
})

test('streams of the same age that end after different silences met a total limit', () => {
  assert.equal(kindOf([ended(15_010, 11_000), ended(15_020, 15_020, 24_000)], []), 'total')
})

test('a stream that is older than the others became contradicts a total limit', () => {
  assert.equal(kindOf([ended(60_000, 60_000)], [{ ageMs: 75_000, silenceMs: 2000 }]), 'idle')
})

test('a stream that was silent for longer contradicts an idle limit', () => {
  assert.equal(kindOf([ended(30_000, 2000)], [{ ageMs: 20_000, silenceMs: 20_000 }]), 'total')
})

test('streams that end while events come met a total limit', () => {
  assert.equal(kindOf([ended(30_000, 400), ended(30_010, 300)], []), 'total')
})

test('silent from the beginning, the two cannot be told apart', () => {
  assert.equal(kindOf([ended(60_000, 60_000), ended(60_010, 60_010)], []), 'either')
})

test('old and young streams that end in the same moment met no limit, but a restart', () => {
  assert.equal(kindOf([ended(20_000, 5000, 20_000), ended(9000, 5000, 20_010)], []), 'restart')
})
