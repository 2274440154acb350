import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from './wait.ts'

test('it waits for an answer that is neither undefined nor false, and returns it, also where that is empty', async () => {
  const answers = [undefined, false, '']

  assert.equal(await until('an answer', 1000, () => answers.shift()), '')
})

test('an error is not yet an answer', async () => {
  let asked = 0

  await until('the third time', 1000, () => {
    asked += 1
    if (asked < 3) throw new Error('not yet')
    return true
  })

  assert.equal(asked, 3)
})

test('at the deadline it says what was awaited, for how long, and what was seen last', async () => {
  await assert.rejects(
    until(
      'two streams',
      20,
      () => undefined,
      () => ['one'],
    ),
    {
      message: 'not within 20 ms: two streams; seen last: ["one"]',
    },
  )
})

test('an error at the deadline is seen last, and is the cause', async () => {
  const cause = new Error('connect ECONNREFUSED')
  const failing = until('an answer', 20, () => {
    throw cause
  })

  await assert.rejects(failing, {
    message: 'not within 20 ms: an answer; seen last: connect ECONNREFUSED',
    cause,
  })
})

test('without anything seen it says no more than what was awaited', async () => {
  await assert.rejects(
    until('a miracle', 0, () => false),
    { message: 'not within 0 ms: a miracle' },
  )
})
