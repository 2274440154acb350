import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnswerReader } from './answer-reader.ts'

function read(text: string, pieceBytes = 1, methods: string[] = []): AnswerReader {
  const reader = new AnswerReader()
  reader.methods.push(...methods)
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.feed(bytes.subarray(at, at + pieceBytes))
  return reader
}

const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const three = [
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nab',
  `${chunked}3\r\nabc\r\na;x=y\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n`,
  'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n',
  'HTTP/1.0 404 Not Found\r\n\r\nto the end',
].join('')

for (const pieceBytes of [1, 7, 1000]) {
  test(`in pieces of ${pieceBytes} bytes, answers on one connection are told apart however their end is marked`, () => {
    const reader = read(three, pieceBytes, ['POST', 'GET', 'HEAD', 'GET'])
    reader.finish()

    assert.deepEqual(reader.interim, [100])
    assert.deepEqual(
      reader.answers.map(({ status, framing, text, complete }) => [status, framing, text, complete]),
      [
        [202, 'length', 'ab', true],
        [200, 'chunked', 'abc0123456789', true],
        [200, 'none', '', true],
        [404, 'close', 'to the end', true],
      ],
    )
    assert.deepEqual(reader.answers[1]?.chunkEnds, [3, 13])
    assert.deepEqual(
      reader.answers.flatMap(({ faults }) => faults),
      [],
    )
  })
}

test('bytes of a chunk are handed on before the chunk is whole', () => {
  const seen: string[] = []
  const reader = new AnswerReader(bytes => seen.push(bytes.toString()))

  reader.feed(Buffer.from(`${chunked}ff\r\nbeg`))

  assert.deepEqual(seen, ['beg'])
  assert.equal(reader.answers[0]?.complete, false)
})

const faults: [answer: string, says: RegExp][] = [
  ['HTTP/2 200 OK\r\n\r\n', /a status line like "HTTP\/2 200 OK"/],
  ['HTTP/1.1 200 OK\r\nName : x\r\n\r\n', /a header line like "Name : x"/],
  ['HTTP/1.1 200 OK\r\nA: x\r\n folded\r\n\r\n', /a header line like " folded"/],
  ['HTTP/1.1 200 OK\r\nContent-Length: 5 bytes\r\n\r\n', /Content-Length 5 bytes/],
  ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', /together/],
  [`${chunked}0x3\r\nabc\r\n`, /a chunk size like "0x3"/],
  [`${chunked}2\r\nabc\r\n`, /a chunk that is longer than its size/],
]
for (const [answer, says] of faults) {
  test(`${JSON.stringify(answer.slice(0, 80))} is a fault`, () => {
    assert.match(read(answer).answers[0]?.faults.join() ?? '', says)
  })
}
