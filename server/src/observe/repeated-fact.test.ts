import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { pino } from 'pino'
import { kindOf, RepeatedFact } from './repeated-fact.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/** A fact whose lines are kept, with a clock that the test moves. */
function open(t: TestContext, over?: string) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const lines: { level: number; msg: string; times?: number; why?: string }[] = []
  const log = pino(
    { base: null, timestamp: false },
    { write: (line: string) => lines.push(JSON.parse(line)) },
  )
  const fact = new RepeatedFact(log, { text: 'it is so', ...(over !== undefined && { over }) })
  return { fact, lines, pass: (ms: number) => t.mock.timers.tick(ms) }
}

test('it is said when it begins, then with a count after one, two and four minutes, and once when it is over', t => {
  const { fact, lines, pass } = open(t, 'it is over')

  for (let second = 0; second < 8 * 60; second += 1) {
    fact.happened({ why: 'x' })
    pass(1000)
  }
  fact.over()
  fact.over()

  assert.deepEqual(lines, [
    { level: 40, msg: 'it is so', why: 'x' },
    { level: 40, msg: 'it is so', why: 'x', times: 59 },
    { level: 40, msg: 'it is so', why: 'x', times: 120 },
    { level: 40, msg: 'it is so', why: 'x', times: 240 },
    { level: 30, msg: 'it is over', times: 60 },
  ])
})

test('what happens three times a second for a day is 29 lines', t => {
  const { fact, lines, pass } = open(t)

  for (let ms = 0; ms < dayMs; ms += 333) {
    fact.happened()
    pass(333)
  }

  assert.equal(lines.length, 29)
})

test('what comes and goes every second for a day is at most 60 lines, and the last one says how it is', t => {
  const { fact, lines, pass } = open(t, 'it is over')

  for (let ms = 0; ms < dayMs; ms += 1000) {
    fact.happened()
    fact.over()
    pass(1000)
  }
  fact.happened()
  pass(60 * minuteMs)

  assert.ok(lines.length > 20 && lines.length <= 62, `${lines.length} lines`)
  assert.equal(lines.at(-1)?.msg, 'it is so')
})

test('after a quiet time it is said at once again', t => {
  const { fact, lines, pass } = open(t)

  fact.happened()
  pass(2 * minuteMs)
  fact.happened()

  assert.equal(lines.length, 2)
})

test('its end is said also long after it happened for the last time', t => {
  const { fact, lines, pass } = open(t, 'it is over')

  fact.happened()
  pass(dayMs)
  fact.over()

  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ['it is so', 'it is over'],
  )
})

test('another cause is said at once, and causes without number are not', t => {
  const { fact, lines, pass } = open(t)

  for (let n = 0; n < 1000; n += 1) fact.happened({}, `cause ${n % 2}`)
  assert.equal(lines.length, 2)
  for (let n = 0; n < 1000; n += 1) fact.happened({}, `cause ${n}`)
  pass(minuteMs)

  assert.equal(lines.length, 5)
})

test('causes are told apart by their code, or the first word of an answer', () => {
  const answer = Object.assign(new Error('WRONGTYPE Operation against a key'), { name: 'ReplyError' })
  const refused = Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:6379'), { code: 'ECONNREFUSED' })

  assert.deepEqual([answer, refused, 'text'].map(kindOf), ['WRONGTYPE', 'ECONNREFUSED', 'string'])
})
