import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { eventFrame, gapFrame, heartbeatFrame, helloFrame, laterText } from './frame.ts'

function parse(text: string): { events: EventSourceMessage[]; retries: number[] } {
  const events: EventSourceMessage[] = []
  const retries: number[] = []
  createParser({ onEvent: event => events.push(event), onRetry: ms => retries.push(ms) }).feed(text)
  return { events, retries }
}

test('a frame carries id, type and data', () => {
  const text = eventFrame({ id: '7', topic: 't', type: 'price', data: '{"a":1}' })

  assert.equal(text, 'id: 7\nevent: price\ndata: {"a":1}\n\n')
})

for (const [name, lineBreak] of Object.entries({ LF: '\n', CR: '\r', CRLF: '\r\n' })) {
  test(`${name} in data arrives as LF and forges no field`, () => {
    const data = ['first', 'id: 9', 'event: forged', 'retry: 1', '', 'data: last'].join(lineBreak)

    const { events, retries } = parse(eventFrame({ id: '1', topic: 't', data }))

    assert.deepEqual(events, [{ id: '1', event: undefined, data: data.replaceAll(lineBreak, '\n') }])
    assert.deepEqual(retries, [])
  })
}

for (const data of [
  '',
  ' leading and trailing ',
  ':colon',
  '\n',
  'line\n',
  '\u2028',
  '\uFEFFbom',
  '😀',
  'a\0b',
]) {
  test(`data ${JSON.stringify(data)} arrives as it was sent`, () => {
    const { events } = parse(eventFrame({ id: '1', topic: 't', data }))

    assert.deepEqual(
      events.map(event => event.data),
      [data],
    )
  })
}

test('hello is one block with retry', () => {
  const hello = { worker: 'host/1', instance: 1, pid: 7, bus: 'pubsub', heartbeatMs: 15_000 }

  const text = helloFrame(2500, hello)

  assert.equal(text.indexOf('\n\n'), text.length - 2)
  assert.deepEqual(parse(text).retries, [2500])
  assert.deepEqual(JSON.parse(parse(text).events[0]?.data ?? ''), hello)
})

test('a heartbeat is an event with empty data, which a page can hear', () => {
  const { events } = parse(heartbeatFrame())

  assert.deepEqual(events, [{ id: undefined, event: 'heartbeat', data: '' }])
})

test('a gap says the oldest id there is', () => {
  const { events } = parse(gapFrame('5-1') + gapFrame(null))

  assert.deepEqual(
    events.map(event => [event.event, event.data]),
    [
      ['gap', '{"oldest":"5-1"}'],
      ['gap', '{"oldest":null}'],
    ],
  )
})

test('"later" sets the retry time without a block of its own', () => {
  const text = laterText(1500)

  assert.equal(text, 'retry: 1500\n')
})
