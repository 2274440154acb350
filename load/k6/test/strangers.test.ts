import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { listen } from '@sse-lab/testkit/listen.ts'
import { testAlias } from '@sse-lab/testkit/stack.ts'
import { k6 } from './k6.ts'

/** The scripts on servers that are none of the lab's: they say no hello, and have paths, bodies and success of their own. */
type Stranger = {
  /** What stands on the wire for what was posted, or undefined where it reaches nobody. */
  wire: (posted: string) => string | undefined
  /** Statuses in place of 200. */
  status?: (request: IncomingMessage) => number
  cutAfterMs?: number
  ticks?: boolean
}

class Server implements AsyncDisposable {
  readonly #streams = new Set<ServerResponse>()
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  readonly #stranger: Stranger
  #ticks: NodeJS.Timeout | undefined

  constructor(stranger: Stranger) {
    this.#stranger = stranger
    if (stranger.ticks) this.#ticks = setInterval(() => this.#write('event: tick\ndata: {"tick":1}'), 50)
  }

  async listen(): Promise<string> {
    return `http://${testAlias}:${await listen(this.#server)}`
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { wire, status, cutAfterMs } = this.#stranger
    const code = status?.(request) ?? 200
    if (code !== 200) {
      response.writeHead(code).end()
      return
    }
    if (request.method === 'POST') {
      const said = wire(await text(request))
      if (said !== undefined) this.#write(`data: ${said}`)
      response.writeHead(200).end('ok')
      return
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
    this.#streams.add(response)
    response.once('close', () => this.#streams.delete(response))
    if (cutAfterMs !== undefined) setTimeout(() => response.destroy(), cutAfterMs)
  }

  #write(block: string): void {
    for (const stream of this.#streams) stream.write(`${block}\n\n`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ticks)
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

const authorized = ({ headers }: IncomingMessage): number =>
  headers.authorization === 'Bearer x' && headers['x-b'] === '2' ? 200 : 401

const small = { STREAMS: '20', RATE: '20', DURATION: '1s' }

test('fanout measures a server without hello, with a token, a form, a 200 and ticks of its own', async () => {
  await using server = new Server({
    wire: posted => new URLSearchParams(posted).get('data') ?? undefined,
    status: authorized,
    ticks: true,
  })
  const at = await server.listen()
  const env = {
    ...small,
    STREAM_URL: `${at}/hub?topic={topic}`,
    PUBLISH_URL: `${at}/hub`,
    PUBLISH_BODY: 'topic={{topic}}&data={{data}}',
  }

  const run = await k6('fanout', { ...env, HEADER: 'Authorization: Bearer x\nX-B: 2' })
  const refused = await k6('fanout', env)

  assert.equal(run.code, 0, run.output)
  const report = run.report?.rows[0]?.report
  assert.ok(report)
  assert.deepEqual([report.streams, report.published, report.delivered, report.lost], [20, 20, 400, 0])
  assert.ok(report.latencyP50Ms > 0)
  assert.equal(refused.code, 99, refused.output)
  assert.match(refused.output, /\/hub\?topic=load-fanout-\S+ does not open: 401/)
})

test('data that a server wraps is found by DATA_PATH, and what it loses is lost', async () => {
  let count = 0
  await using wraps = new Server({ wire: posted => `{"event":{"data":${posted}}}` })
  await using loses = new Server({ wire: posted => ((count += 1) % 5 === 0 ? undefined : posted) })
  const [wrapsAt, losesAt] = [await wraps.listen(), await loses.listen()]
  const bare = { PUBLISH_BODY: '{{data}}', PUBLISH_TYPE: 'application/json' }
  const of = (at: string) => ({ ...small, ...bare, STREAM_URL: `${at}/feed`, PUBLISH_URL: `${at}/feed` })

  const run = await k6('fanout', { ...of(wrapsAt), DATA_PATH: 'event.data' })
  const lost = await k6('fanout', of(losesAt))

  assert.equal(run.code, 0, run.output)
  assert.equal(run.report?.rows[0]?.report.delivered, 400)
  assert.equal(lost.code, 99, lost.output)
  assert.match(lost.report?.wrong.join() ?? '', /given: 80 of 400 deliveries were lost, as event \d+ of p\d/)
})

test('quiet needs no way to publish, and says when silent streams are cut', async () => {
  await using lives = new Server({ wire: it => it })
  await using cuts = new Server({ wire: it => it, cutAfterMs: 1000 })
  const env = { STREAMS: '5', QUIET: '3s' }

  const run = await k6('quiet', { ...env, STREAM_URL: `${await lives.listen()}/feed` })
  const cut = await k6('quiet', { ...env, STREAM_URL: `${await cuts.listen()}/feed` })

  assert.equal(run.code, 0, run.output)
  assert.equal(cut.code, 99, cut.output)
  assert.match(cut.report?.wrong.join() ?? '', /^quiet, given: \d+ streams were cut$/)
  const after = cut.report?.rows[0]?.report.cutAfterMinMs ?? 0
  // From when k6 saw it open, which may be later than it was.
  assert.ok(after >= 500, `${after} ms`)
})

test('capacity on a server without metrics tells its limit, and no costs', async () => {
  await using server = new Server({
    wire: posted => posted,
    status: it => (it.url === '/metrics' ? 404 : 200),
  })
  const at = await server.listen()

  const run = await k6('capacity', {
    STEPS: '10,20',
    RATE: '10',
    DURATION: '1s',
    STREAM_URL: `${at}/feed`,
    PUBLISH_URL: `${at}/feed`,
    PUBLISH_BODY: '{{data}}',
    PUBLISH_TYPE: 'application/json',
  })

  assert.equal(run.code, 0, run.output)
  assert.deepEqual(
    run.report?.costs?.map(({ streams, limit }) => [streams, limit]),
    [
      [10, 'held'],
      [20, 'held'],
    ],
  )
})

test('what does not go together is one error, before a stream is opened', async () => {
  const run = await k6('fanout', { ...small, PUBLISH_URL: 'http://a/b' })

  assert.notEqual(run.code, 0)
  assert.match(run.output, /PUBLISH_URL says how to speak to a server: name it with STREAM_URL, too/)
})
