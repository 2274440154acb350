import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startClock } from './clock.ts'
import { strike } from './run-strike.ts'

// Nothing listens there: the server stays away.
const question = {
  url: new URL('http://127.0.0.1:9/events'),
  method: 'GET',
  headers: {},
  body: undefined,
  ca: undefined,
}

test('the look at what clients see lasts its time from the command’s end on, however long the command takes', async () => {
  const { doneAtMs, exit, watchedUntilMs, answers } = await strike(
    'sleep 1; exit 3',
    question,
    [],
    500,
    startClock(),
  )

  assert.equal(exit, 3)
  assert.ok(doneAtMs >= 1000, `done after ${doneAtMs} ms`)
  assert.ok(watchedUntilMs - doneAtMs >= 500, `watched for ${watchedUntilMs - doneAtMs} ms after that`)
  assert.deepEqual(
    answers.map(({ failure }) => failure?.kind),
    ['refused'],
  )
})
