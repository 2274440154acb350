import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { suite, test } from 'node:test'
import compression from 'compression'
import express from 'express'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { broken, examine, red, start, startNaive, type Running } from './examine.ts'

/** What Next.js does with a rewrite: it compresses what comes, and its headers wait for the first bytes. */
async function startNextLike({ port }: Running): Promise<Running> {
  const app = express()
  app.use(compression())
  app.use(createProxyMiddleware({ target: `http://127.0.0.1:${port}` }))
  return await start(createServer(app))
}

suite('through a layer and directly', { concurrency: 4 }, () => {
  test('a layer that compresses and holds headers is named for both, and nothing else is', async () => {
    await using server = await startNaive({ everyMs: 800 })
    await using next = await startNextLike(server)

    const findings = await examine(['--url', next.url, '--direct', server.url])

    assert.deepEqual(broken(findings), ['held headers', 'held by compression'])
    assert.match(red(findings, 'held by compression')?.layer ?? '', /the layer before/)
    assert.match(red(findings, 'held by compression')?.fix ?? '', /no-transform/)
    assert.match(red(findings, 'held headers')?.fix ?? '', /:ok\\n\\n/)
  })

  test('the two lines that it gives mend it', async () => {
    const headers = { 'Cache-Control': 'no-cache, no-transform' }
    await using server = await startNaive({ everyMs: 800, comment: true, headers })
    await using next = await startNextLike(server)

    assert.deepEqual(broken(await examine(['--url', next.url, '--direct', server.url])), [])
  })

  test('a layer that does not pass on that a client has left is named', async () => {
    await using server = await startNaive({ heartbeatMs: 200 })
    const app = express()
    app.get('/events', async (_request, response) => {
      const answer = await fetch(server.url)
      response.writeHead(answer.status, { 'Content-Type': 'text/event-stream' }).flushHeaders()
      // As people write it: nobody looks whether there is still someone to write to.
      const pass = async () => {
        for await (const chunk of answer.body ?? []) response.write(chunk)
      }
      await pass().catch(() => response.destroy())
    })
    await using proxy = await start(createServer(app))

    const findings = await examine(['--url', proxy.url, '--direct', server.url, '--count', '/count'], {
      leaveMs: 1500,
    })

    assert.deepEqual(broken(findings), ['leave'])
    assert.match(red(findings, 'leave')?.layer ?? '', /the layer before/)
    assert.match(red(findings, 'leave')?.evidence ?? '', /direct noticed after/)
  })

  test('streams that count for themselves, and begin later behind a layer, are not late', async () => {
    await using server = await startNaive({ countsEveryMs: 200 })
    const app = express()
    // A layer that looks at the session first.
    app.use((_request, _response, next) => void setTimeout(next, 250))
    app.use(createProxyMiddleware({ target: `http://127.0.0.1:${server.port}` }))
    await using proxy = await start(createServer(app))

    const findings = await examine(['--url', proxy.url, '--direct', server.url])

    assert.ok(!broken(findings).includes('steady delay'), 'steady delay')
    assert.match(
      findings.find(({ check }) => check === 'steady delay')?.cause ?? '',
      /each stream has events of its own/,
    )
  })

  test('an answer to a POST is asked for once of each kind, and its end is no fault', async () => {
    await using server = await startNaive({})
    const url = server.url.replace('/events', '/answer')

    const findings = await examine(['--url', url, '--direct', url, '--body', '{"stream":true}'])

    assert.deepEqual(broken(findings), [])
    assert.equal(findings.find(({ check }) => check === 'cut')?.verdict, 'ok')
  })

  test('a server that is quiet, and cannot be published to, is not guessed about', async () => {
    await using server = await startNaive({})

    const findings = await examine(['--url', server.url, '--direct', server.url])

    assert.deepEqual(broken(findings), [])
    const seen = findings.find(({ check }) => check === 'held events')
    assert.equal(seen?.verdict, 'not seen')
  })
})
