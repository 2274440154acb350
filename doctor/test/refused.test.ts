import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { createSecureServer } from 'node:http2'
import { tmpdir } from 'node:os'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeCertificate } from '@sse-lab/testkit/certificate.ts'
import { start, startNaive } from './examine.ts'

type Ran = { code: number; out: string; error: string }

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

function doctor(...args: string[]): Promise<Ran> {
  return new Promise(resolve => {
    execFile(process.execPath, [main, '--quick', ...args], (failed, out, error) => {
      resolve({ code: typeof failed?.code === 'number' ? failed.code : 0, out, error })
    })
  })
}

async function answering(listener: RequestListener): Promise<Awaited<ReturnType<typeof start>>> {
  return await start(createServer(listener))
}

suite('what cannot be judged is said as what it is, and is never red', { concurrency: 4 }, () => {
  const cases: [string, RequestListener, RegExp][] = [
    [
      '401',
      (_, answer) => answer.writeHead(401, { 'www-authenticate': 'Bearer' }).end(),
      /401 .*Bearer.*HEADER/,
    ],
    ['404', (_, answer) => answer.writeHead(404).end(), /404: is the path right/],
    ['a redirect', (_, answer) => answer.writeHead(302, { location: '/login' }).end(), /302: .*\/login/],
    [
      'a page',
      (_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>'),
      /200 with text\/html/,
    ],
    ['no HTTP', (_, answer) => answer.socket?.end('220 mail\r\n'), /no HTTP/],
  ]
  for (const [name, listener, pattern] of cases) {
    test(name, async () => {
      await using server = await answering(listener)

      const ran = await doctor('--url', server.url)

      assert.match(ran.error, pattern)
      assert.equal(ran.code, 2)
      assert.equal(ran.out, '')
    })
  }

  test('nothing that listens', async () => {
    const ran = await doctor('--url', 'http://127.0.0.1:9/events')

    assert.match(ran.error, /nothing listens there: .*ECONNREFUSED/)
    assert.equal(ran.code, 2)
  })

  test('a DIRECT that is away', async () => {
    await using server = await startNaive({ everyMs: 300 })

    const ran = await doctor('--url', server.url, '--direct', 'http://127.0.0.1:9/events')

    assert.match(ran.error, /DIRECT http:.*nothing listens/)
    assert.equal(ran.code, 2)
  })

  test('an argument that cannot be', async () => {
    assert.equal((await doctor('--url', 'nonsense')).code, 2)
  })
})

const stream: RequestListener = (_, answer) => {
  answer.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  answer.write('data: hello\n\n')
}

suite('over TLS', { concurrency: 4 }, () => {
  test('a certificate of one’s own is refused without CA, and taken with it', async () => {
    const files = await makeCertificate()
    const [cert = '', key = ''] = Object.values(files)
    await using server = await start(createHttps({ cert, key }, stream))
    const folder = await mkdtemp(`${tmpdir()}/doctor-`)
    try {
      await writeFile(`${folder}/ca.pem`, cert)
      const url = `https://127.0.0.1:${server.port}/events`

      const without = await doctor('--url', url)
      const wrongName = await doctor('--url', url, '--ca', `${folder}/ca.pem`)

      assert.match(without.error, /TLS: .*CA=file\.pem/)
      assert.equal(without.code, 2)
      // The certificate is known now, but is for another name.
      assert.match(wrongName.error, /TLS: .*does not match/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test('a server that speaks only HTTP/2 is judged like any other', async () => {
    const [cert = '', key = ''] = Object.values(await makeCertificate({ ip: '127.0.0.1' }))
    const h2 = createSecureServer({ cert, key, allowHTTP1: false }, (request, answer) => {
      if (request.url !== '/events') return answer.writeHead(404).end()
      answer.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
      return answer.write('data: hello\n\n')
    })
    await using server = await start(h2)
    const folder = await mkdtemp(`${tmpdir()}/doctor-`)
    try {
      await writeFile(`${folder}/ca.pem`, cert)

      const ran = await doctor('--url', `https://127.0.0.1:${server.port}/events`, '--ca', `${folder}/ca.pem`)

      assert.match(ran.out, /ok +connections: HTTP\/2/)
      assert.match(ran.out, /ok +bytes/)
      assert.equal(ran.code, 0)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
