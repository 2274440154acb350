import assert from 'node:assert/strict'
import { createServer as createHttps } from 'node:https'
import { createServer as createTcp } from 'node:net'
import { suite, test } from 'node:test'
import { makeCertificate } from '@sse-lab/testkit/certificate.ts'
import { listen } from '@sse-lab/testkit/listen.ts'
import { cases } from '../kit/cases.ts'
import { readOptions } from '../kit/options.ts'
import { runCases, type Result } from '../kit/run.ts'
import { bodyOf, refuse, startStranger, Streams } from './strangers.ts'

async function judge(url: string, args: string[] = [], ca?: string): Promise<[Result[], string[]]> {
  const notes: string[] = []
  const options = readOptions(['--url', url, ...args], () => ca ?? '')
  const results = await runCases(
    cases,
    options,
    () => undefined,
    note => notes.push(note),
  )
  return [results, notes]
}

/** The one line that the kit says of this server. */
async function refusal(url: string, args: string[] = []): Promise<string> {
  const error = await judge(url, args).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof Error && error.name === 'NoAnswer', String(error))
  assert.doesNotMatch(error.message, /\n/)
  return error.message
}

const answers: [what: string, status: number, headers: Record<string, string>, body: string, says: RegExp][] =
  [
    [
      '404',
      404,
      {},
      '',
      /answered 404: no stream is there\. Give its path with --stream, or whole in --url$/,
    ],
    ['403', 403, {}, '', /answered 403: it wants to know who asks/],
    ['405', 405, { Allow: 'POST' }, '', /answered 405: it allows POST\. Give --method, and with POST --body/],
    ['406', 406, {}, '', /answered 406: give what it can answer with --header 'Accept: …'$/],
    [
      'a redirect',
      301,
      { Location: 'https://a/b' },
      '',
      /answered 301: it is at https:\/\/a\/b\. Give that address$/,
    ],
    ['204', 204, {}, '', /answered 204: a stream is a 200/],
    ['429', 429, {}, '', /answered 429: too many calls from here: come back later$/],
    ['503', 503, {}, '', /answered 503: the server or a proxy on the way fails/],
    ['400 with a reason', 400, {}, 'no\nsession', /answered 400: no session Mend the request with/],
    [
      'a page',
      200,
      { 'Content-Type': 'text/html' },
      '<p>',
      /answered 200 with text\/html, and over after 3 bytes/,
    ],
  ]

suite('what cannot be judged is one line that says why and what to do', { concurrency: 4 }, () => {
  for (const [what, status, headers, body, says] of answers) {
    test(`an answer of ${what}`, async () => {
      await using server = await startStranger((_request, response) => {
        response.writeHead(status, headers).end(body)
      })

      assert.match(await refusal(server.base.origin), says)
    })
  }

  test('a server that ends the connection, and one that speaks another protocol', async () => {
    const ends = createTcp(socket => socket.end())
    const other = createTcp(socket => socket.end('220 mail.example ESMTP\r\n'))
    const [endsAt, otherAt] = [await listen(ends), await listen(other)]

    const said = await refusal(`http://127.0.0.1:${endsAt}`)
    assert.match(said, /took the connection and ended it without an answer: is it https:\/\/\?$/)
    assert.match(await refusal(`http://127.0.0.1:${otherAt}`), /is no HTTP server: give another address$/)
    ends.close()
    other.close()
  })

  test('a name that is not there', async () => {
    assert.match(await refusal('http://nothing.invalid'), /no HTTP server answers at .*(ENOTFOUND|EAI_AGAIN)/)
  })

  test('https where there is no TLS', async () => {
    await using server = await startStranger((_request, response) => void response.end())

    const url = `https://127.0.0.1:${server.base.port}`
    assert.match(await refusal(url), /speaks no TLS .*: is it http:\/\/\?$/)
  })

  test('a certificate of nobody known; with --ca the same server is judged', async () => {
    const files = await makeCertificate({ host: 'localhost' })
    const [cert = '', key = ''] = Object.values(files)
    const streams = new Streams()
    const server = createHttps({ key, cert }, (request, response) => {
      if (request.method === 'GET') streams.open(response)
      else refuse(response, request.method)
    })
    const url = `https://localhost:${await listen(server)}`
    try {
      assert.match(await refusal(url), /^TLS: the certificate of .* is of nobody .*: give .* with --ca$/)
      const args = ['--publish', 'none', '--only', 'headers/', '--ca', 'a file']
      const [results] = await judge(url, args, cert)
      assert.ok(results.every(({ outcome }) => outcome === 'ok'))
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})

suite('a publish that is refused', () => {
  test('ends the run where it was named, and is done without where it is the default', async () => {
    const streams = new Streams()
    await using server = await startStranger((request, response) => {
      if (request.method === 'GET') streams.open(response)
      else void bodyOf(request).then(() => response.writeHead(404).end('Cannot POST'))
    })
    const only = ['--only', 'framing/lf']

    const said = await refusal(server.base.origin, ['--publish', 'POST /send', ...only])
    const [results, notes] = await judge(server.base.origin, only)

    assert.match(said, /^POST \/send is answered 404 \(Cannot POST\): give the call with --publish/)
    assert.match(
      notes[0] ?? '',
      /^POST \/events is answered 404 \(Cannot POST\), so nothing is published: give/,
    )
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['skip'],
    )
  })
})
