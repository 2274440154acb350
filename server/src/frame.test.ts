import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { commentFrame, eventFrame, gapFrame, heartbeatFrame, helloFrame, laterText } from './frame.ts'

function parse(text: string): { events: EventSourceMessage[]; retries: number[] } {
  const events: EventSourceMessage[] = []
  const retries: number[] = []
  createParser({ onEvent: event => events.push(event), onRetry: ms => retries.push(ms) }).feed(text)
  return { events, retries }
}

test('a frame carries id, type and data', () => {
  const text = eventFrame({ id: '7', type: 'price', data: '{"a":1}' })

  assert.equal(text, 'id: 7\nevent: price\ndata: {"a":1}\n\n')
})

for (const [name, lineBreak] of Object.entries({ LF: '\n', CR: '\r', CRLF: '\r\n' })) {
  test(`${name} in data arrives as LF and forges no field`, () => {
    const data = ['first', 'id: 9', 'event: forged', 'retry: 1', '', 'data: last'].join(lineBreak)

    const { events, retries } = parse(eventFrame({ id: '1', data }))

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
    const { events } = parse(eventFrame({ id: '1', data }))

    assert.deepEqual(
      events.map(event => event.data),
      [data],
    )
  })
}

test('hello is one block with retry', () => {
  const hello = { worker: 'host/1', instance: 1, pid: 7, bus: 'pubsub', heartbeatMs: 15_000 }

  for (const position of ['5-1', null]) {
    const text = helloFrame(2500, position, hello)

    assert.equal(text.indexOf('\n\n'), text.length - 2)
    const { retries, events } = parse(text)
    assert.deepEqual([retries, events[0]?.id], [[2500], position ?? undefined])
    assert.deepEqual(JSON.parse(events[0]?.data ?? ''), hello)
  }
})

test('a heartbeat is an event with empty data, which a page can hear', () => {
  const { events } = parse(heartbeatFrame('5-1') + heartbeatFrame(null))

  assert.deepEqual(events, [
    { id: '5-1', event: 'heartbeat', data: '' },
    { id: undefined, event: 'heartbeat', data: '' },
  ])
})

test('a gap says the oldest id there is, and what it is followed by', () => {
  const { events } = parse(gapFrame('7-0', '5-1') + gapFrame(null, null))

  assert.deepEqual(events, [
    { id: '7-0', event: 'gap', data: '{"oldest":"5-1"}' },
    { id: undefined, event: 'gap', data: '{"oldest":null}' },
  ])
})

test('a comment is a sign of life that is no event', () => {
  assert.deepEqual(parse(commentFrame()), { events: [], retries: [] })
})

test('"later" sets the retry time without a block of its own', () => {
  const text = laterText(1500)

  assert.equal(text, 'retry: 1500\n')
})
