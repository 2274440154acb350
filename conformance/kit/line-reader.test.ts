import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineReader } from './line-reader.ts'

const awkward =
  '\uFEFFretry: 1\rid: 1\r\n\nevent:a\ndata\ndata:  x\r\r:c\n\ndata: 😀\r\n\r\n: d\n\ndata:y\n\n'

function read(text: string, pieceBytes: number): LineReader {
  const reader = new LineReader()
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.feed(bytes.subarray(at, at + pieceBytes))
  return reader
}

for (const pieceBytes of [1, 2, 3, 1000]) {
  test(`in pieces of ${pieceBytes} bytes a stream of all kinds of line breaks is read as a whole`, () => {
    const reader = read(awkward, pieceBytes)

    assert.deepEqual(reader.events, [
      { type: 'a', data: '\n x', lastId: '1' },
      { type: 'message', data: '😀', lastId: '1' },
      { type: 'message', data: 'y', lastId: '1' },
    ])
    assert.deepEqual([reader.violations, reader.comments, reader.unfinished], [[], ['c', ' d'], ''])
  })
}

test('a block is where its fields are, comments before it and line breaks of any kind considered', () => {
  const text = ':c\n\nid: 1\r\ndata: x\r\n\r\ndata: y\n\n'

  const { blocks } = read(text, 1)

  assert.deepEqual(
    blocks.map(({ startsAt, endsAt }) => text.slice(startsAt, endsAt)),
    ['id: 1\r\ndata: x\r\n\r\n', 'data: y\n\n'],
  )
})

test('what has no blank line is unfinished', () => {
  assert.equal(read('data: x\n\nid: 1\ndata: y', 1000).unfinished, 'id: 1\ndata: y')
})

const violations: [stream: string | Buffer, says: RegExp][] = [
  ['dat: x\n\n', /line 1: a field that nobody knows: dat: x/],
  ['data: x\n id: 1\n\n', /line 2: a field that nobody knows/],
  ['event: x\n\n', /an event without data/],
  ['id: a\0b\n\n', /an id with NUL/],
  ['retry: 3s\n\n', /a retry that is no number: 3s/],
  ['retry:\n\n', /a retry that is no number/],
  ['data: x\n\n\uFEFFdata: y\n\n', /a BOM in the middle/],
  [Buffer.from('data: \xe9\n\n', 'latin1'), /bytes that are not UTF-8/],
  [Buffer.from('data: \xf0\x9f\n\n', 'latin1'), /bytes that are not UTF-8/],
]
for (const [stream, says] of violations) {
  test(`${JSON.stringify(String(stream))} is a violation, and no other`, () => {
    const reader = new LineReader()

    reader.feed(Buffer.from(stream))

    assert.equal(reader.violations.length, 1)
    assert.match(reader.violations[0] ?? '', says)
  })
}
