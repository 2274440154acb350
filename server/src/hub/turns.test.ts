import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longTurns } from '../../test/support/long-turns.ts'

// Heartbeats, publishes and new streams wait for the end of a turn.
const longMs = 20

for (const { name, measure } of longTurns) {
  test(`no turn of the event loop is long: ${name}`, async () => {
    const ms = await measure()
    assert.ok(ms < longMs, `${ms} ms`)
  })
}
