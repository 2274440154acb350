import assert from 'node:assert/strict'
import { test } from 'node:test'
import { howArrived, published } from './arriving.ts'
import { Background } from './background.ts'

const event = (type: string, raw: string) => ({ id: undefined, type, raw, data: raw, at: 0 })

test('a text that arrives as JSON is found by what it is, at any place', () => {
  assert.deepEqual(howArrived('a', 'a'), { as: 'text' })
  assert.deepEqual(howArrived('"a"', 'a'), { as: 'json', path: [] })
  assert.deepEqual(howArrived('{"n":1,"event":{"data":"a"}}', 'a'), { as: 'json', path: ['event', 'data'] })
  assert.equal(howArrived('b', 'a'), undefined)
})

test('what was published is read back from JSON, numbers as their JSON, and what is none stays', () => {
  const inEvent = { as: 'json', path: ['data'] } as const

  assert.equal(published('{"data":"a\\r\\nb"}', inEvent), 'a\r\nb')
  assert.equal(published('{"data":[1,"a"]}', inEvent), '[1,"a"]')
  assert.equal(published('{"other":1}', inEvent), '{"other":1}')
  assert.equal(published('no JSON', inEvent), 'no JSON')
})

test('what a server says by itself is known by its type, or by its form where it has none', () => {
  const background = new Background()
  background.hear(event('message', '{"tick":1,"at":"2026-01-01"}'))
  background.hear(event('ping', 'x'))

  assert.ok(background.has(event('message', '{"tick":22,"at":"2026-01-02"}')))
  assert.ok(background.has(event('ping', 'anything')))
  assert.ok(background.has(event('hello', '')))
  assert.ok(!background.has(event('message', 'published')))
})
