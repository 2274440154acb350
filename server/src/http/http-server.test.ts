import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { listen } from '@sse-lab/testkit/listen.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { openServer } from './http-server.ts'

/** `/stream` is answered and stays open, `/slow` is answered when told, everything else at once. */
async function start(t: TestContext) {
  const seen: string[] = []
  const slow: (() => void)[] = []
  const server = openServer((request, response) => {
    const url = request.url ?? ''
    seen.push(url)
    if (url === '/stream') response.writeHead(200).write('hello')
    else if (url === '/slow') slow.push(() => response.end('slow'))
    else response.end(`${url} of ${request.socket.remotePort}`)
  })
  const port = await listen(server)
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const client = async (
    text: string,
  ): Promise<{ socket: Socket; text: () => string; ended: () => boolean }> => {
    const socket = connect(port, '127.0.0.1')
    let got = ''
    let ended = false
    socket.setEncoding('utf8').on('data', chunk => (got += String(chunk)))
    socket.on('close', () => (ended = true)).on('error', () => undefined)
    await once(socket, 'connect')
    socket.write(text)
    t.after(() => socket.destroy())
    return { socket, text: () => got, ended: () => ended }
  }
  return { seen, slow, client }
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

test('requests that are sent at once are answered in their order', async t => {
  const { client } = await start(t)

  const { text } = await client(get('/a') + get('/b') + get('/c'))

  await until('three answers', 5000, () => text().includes('/c of'))
  assert.deepEqual(text().match(/\/[abc](?= of)/g), ['/a', '/b', '/c'])
})

test('a request behind an open stream ends the connection, and is not taken', async t => {
  const { client, seen } = await start(t)

  const { ended } = await client(get('/stream') + get('/a').repeat(1500))

  await until('the end of the connection', 5000, ended)
  assert.deepEqual(seen, ['/stream'])
})

test('of more requests than may wait none is taken, and the connection ends', async t => {
  const { client, seen } = await start(t)

  const { ended } = await client(get('/slow') + get('/a').repeat(1500))

  await until('the end of the connection', 5000, ended)
  assert.equal(seen.length, 32)
})

test('a connection that asks one after another goes on for ever', async t => {
  const { client } = await start(t)
  const { socket, text } = await client(get('/0'))

  for (let n = 1; n <= 100; n += 1) {
    await until('an answer', 5000, () => text().includes(`/${n - 1} of`))
    socket.write(get(`/${n}`))
  }

  await until('the last answer', 5000, () => text().includes('/100 of'))
})

const refused: [string, string, number][] = [
  ['what is no HTTP', 'hello\r\n\r\n', 400],
  ['a bad length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n', 400],
  ['a URL of 100 kB', `GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 414],
  ['300 KB of headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(300_000)}\r\n\r\n`, 431],
]
for (const [name, text, status] of refused) {
  test(`${name} is answered ${status} with problem details, and the connection ends`, async t => {
    const { client } = await start(t)

    const answer = await client(text)

    await until('the end of the connection', 5000, answer.ended)
    const [head = '', body = ''] = answer.text().split('\r\n\r\n')
    assert.match(head, new RegExp(`^HTTP/1.1 ${status} .*\r\nContent-Type: application/problem\\+json`))
    const problem: unknown = JSON.parse(body)
    assert.ok(typeof problem === 'object' && problem !== null && 'status' in problem && 'detail' in problem)
    assert.equal(problem.status, status)
  })
}

test('what is no HTTP behind a request that waits for its answer gets no answer of its own', async t => {
  const { client, slow } = await start(t)

  const { text, ended } = await client(`${get('/slow')}no HTTP\r\n\r\n`)

  await until('the request', 5000, () => slow.length === 1)
  await until('the end of the connection', 5000, ended)
  assert.equal(text(), '')
})

test('headers of 100 KB are taken', async t => {
  const { client } = await start(t)

  const { text } = await client(`GET /a HTTP/1.1\r\nHost: x\r\nCookie: ${'x'.repeat(100_000)}\r\n\r\n`)

  await until('an answer', 5000, () => text().includes('/a of'))
})
