import assert from 'node:assert/strict'
import { connect } from 'node:http2'
import { before, test } from 'node:test'
import { refusedWith } from '@sse-lab/conformance/kit/problem.ts'
import { makeCertificate } from '@sse-lab/testkit/certificate.ts'
import { answerTo, anyHost, head, long } from './support/raw.ts'
import { fixed, stackReady, startNginx } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

before(async () => {
  await stackReady()
})

/** A request that nginx refuses before it asks a server, line by line, and the answer: status, code, and a word of cause or fix. */
type Refused = { name: string; lines: string[]; body?: string; status: number; code: string; says: RegExp }

const malformed = { status: 400, code: 'bad-request', says: /first line.*header lines.*Host.*body/ }
const encoding = { status: 400, code: 'bad-request', says: /no Transfer-Encoding but chunked/ }
const version = { status: 400, code: 'bad-request', says: /version of HTTP/ }
const method = { status: 405, code: 'method-not-allowed', says: /neither TRACE nor CONNECT/ }
const body = { status: 413, code: 'too-large', says: /1 MiB/ }
const address = { status: 414, code: 'uri-too-long', says: /32 KiB.*fewer topics/ }
const headers = { status: 431, code: 'headers-too-large', says: /32 KiB.*128 KiB.*Cookies/ }
const nothing = { status: 404, code: 'not-found', says: /\/events/ }

const client = 'GET /events HTTP/1.1'
const publisher = 'POST /events HTTP/1.1'
const chunked = 'Transfer-Encoding: chunked'

const refused: Refused[] = [
  { name: 'a URL beyond 32 KiB', lines: [`GET /events?topic=${long(33_000)} HTTP/1.1`, anyHost], ...address },
  { name: 'a URL beyond it for a page', lines: [`GET /?${long(33_000)} HTTP/1.1`, anyHost], ...address },
  { name: 'a cookie beyond 32 KiB', lines: [client, anyHost, `Cookie: a=${long(33_000)}`], ...headers },
  {
    name: 'headers beyond 128 KiB',
    lines: [client, anyHost, ...Array.from({ length: 6 }, (_, n) => `X-${n}: ${long(30_000)}`)],
    ...headers,
  },
  { name: 'TRACE', lines: ['TRACE /events HTTP/1.1', anyHost], ...method },
  { name: 'TRACE with a body', lines: ['TRACE / HTTP/1.1', anyHost, 'Content-Length: 2000000'], ...method },
  { name: 'CONNECT', lines: ['CONNECT any:80 HTTP/1.1', anyHost], ...method },
  { name: 'HTTP/2.0 on the first line', lines: ['GET /events HTTP/2.0', anyHost], ...version },
  { name: 'HTTP/9.9', lines: ['POST / HTTP/9.9', anyHost], ...version },
  { name: 'the greeting of HTTP/2', lines: ['PRI * HTTP/2.0', '', 'SM'], ...malformed },
  { name: 'a TLS greeting', lines: ['\u0016\u0003\u0001\u0002 hello'], ...malformed },
  { name: 'a method that is none', lines: ['G(T /events HTTP/1.1', anyHost], ...malformed },
  { name: 'a method in lower case', lines: ['get /events HTTP/1.1', anyHost], ...malformed },
  { name: 'a path without a slash', lines: ['GET events HTTP/1.1', anyHost], ...malformed },
  { name: 'a path above the root', lines: ['GET /../../etc/passwd HTTP/1.1', anyHost], ...malformed },
  { name: 'a path with %00', lines: ['GET /ev%00ents HTTP/1.1', anyHost], ...malformed },
  { name: 'a path with a broken escape', lines: ['GET /events%zz HTTP/1.1', anyHost], ...malformed },
  { name: 'OPTIONS *', lines: ['OPTIONS * HTTP/1.1', anyHost], ...malformed },
  { name: 'no Host', lines: [client], ...malformed },
  { name: 'an empty Host', lines: [client, 'Host:'], ...malformed },
  { name: 'two Hosts', lines: [client, anyHost, anyHost], ...malformed },
  { name: 'a Host with a space', lines: [client, 'Host: a b'], ...malformed },
  { name: 'a Host with a slash', lines: [client, 'Host: a/b'], ...malformed },
  { name: 'a header without a name', lines: [client, anyHost, ': a'], ...malformed },
  { name: 'a header name with a space', lines: [client, anyHost, 'X Y: a'], ...malformed },
  { name: 'a header over two lines', lines: [client, anyHost, 'X: a', ' b'], ...malformed },
  { name: 'a header with NUL', lines: [client, anyHost, 'X: a\0b'], ...malformed },
  { name: 'an unknown encoding', lines: [publisher, anyHost, 'Transfer-Encoding: gzip'], ...encoding },
  { name: 'one of a client', lines: [client, anyHost, 'Transfer-Encoding: gzip, chunked'], ...encoding },
  {
    name: 'one with a length above the bound',
    lines: [publisher, anyHost, 'Transfer-Encoding: x', 'Content-Length: 2000000'],
    ...encoding,
  },
  { name: 'chunks in HTTP/1.0', lines: ['POST /events HTTP/1.0', chunked], ...malformed },
  { name: 'chunked twice', lines: [publisher, anyHost, chunked, chunked], ...malformed },
  { name: 'chunks and a length', lines: [publisher, anyHost, chunked, 'Content-Length: 3'], ...malformed },
  { name: 'a broken chunk size', lines: [publisher, anyHost, chunked], body: 'zz\r\nabc', ...malformed },
  {
    name: 'two lengths',
    lines: [publisher, anyHost, 'Content-Length: 3', 'Content-Length: 3'],
    ...malformed,
  },
  { name: 'a length that is none', lines: [publisher, anyHost, 'Content-Length: -1'], ...malformed },
  { name: 'a body over 1 MiB', lines: [publisher, anyHost, 'Content-Length: 1048577'], ...body },
  { name: 'one to a page', lines: ['POST / HTTP/1.1', anyHost, 'Content-Length: 1048577'], ...body },
  { name: 'one of a client', lines: [client, anyHost, 'Content-Length: 1048577'], ...body },
  { name: 'a chunk over 1 MiB', lines: [publisher, anyHost, chunked], body: '200000\r\nabc', ...body },
  ...['/later', '/away', '/full', '/refused/', '/refused/body'].map(path => {
    return { name: `the page ${path} of nginx itself`, lines: [`GET ${path} HTTP/1.1`, anyHost], ...nothing }
  }),
]

for (const { name, lines, body: sent = '', status, code, says } of refused) {
  test(`nginx refuses ${name} (${lines[0]?.slice(0, 24)}) with ${status} and problem details`, async () => {
    const answer = await answerTo(fixed, head(...lines) + sent)

    refusedWith(answer, status, code)
    assert.match(answer.text, says)
    assert.equal(answer.header('cache-control'), 'no-store')
    assert.equal(answer.header('access-control-allow-origin'), '*')
    if (status === 405) assert.match(answer.header('allow') ?? '', /GET, HEAD, POST/)
  })
}

test('what HEAD is refused with has no body', async () => {
  const line = `HEAD /events?topic=${long(33_000)} HTTP/1.1`

  const answer = await answerTo(fixed, head(line, anyHost, 'Connection: close'), 'HEAD')

  assert.deepEqual([answer.status, answer.header('content-type')], [414, 'application/problem+json'])
  assert.deepEqual(answer.faults, [])
})

test('with TLS and HTTP/2, a request without TLS and a body over 1 MiB are refused with problem details, too', async t => {
  const started = await startNginx(
    'nginx-tls',
    text => text.replace('# include http2.conf;', 'include http2.conf;'),
    { files: await makeCertificate() },
  )
  t.after(async () => void (await started.stop({ timeout: 0 })))

  const plain = await answerTo('http://nginx-tls:443', head(client, anyHost))

  refusedWith(plain, 400, 'bad-request')
  assert.match(plain.text, /https:/)
  const session = connect('https://nginx-tls', { rejectUnauthorized: false })
  t.after(() => session.destroy())
  const sent = session.request({ ':method': 'POST', ':path': '/events', 'content-length': '2000000' })
  let text = ''
  let status: number | undefined
  sent.on('response', answer => (status = answer[':status']))
  sent.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  sent.on('error', () => undefined)
  await until('the answer over HTTP/2', 5000, () => text.includes('}'))
  assert.equal(status, 413)
  assert.match(text, /^\{.*"code":"too-large"/)
})
