import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { suite, test } from 'node:test'
import { z } from 'zod'
import { cases } from '../kit/cases.ts'
import { readOptions, type Options } from '../kit/options.ts'
import { resultText } from '../kit/report.ts'
import { runCases, type Result } from '../kit/run.ts'
import { bodyOf, refuse, startStranger, Streams } from './strangers.ts'

type Judged = { failed: string[]; passed: number; skipped: Result[]; notes: string[] }

/** What the kit finds on a server, spoken to with these arguments. */
async function judge(base: URL, args: string[], more: Partial<Options> = {}): Promise<Judged> {
  const notes: string[] = []
  const options = { ...readOptions(['--url', base.origin, ...args]), quietMs: 600, atOnceMs: 2500, ...more }
  const results = await runCases(
    cases,
    options,
    () => undefined,
    note => notes.push(note),
  )
  return {
    failed: results.filter(({ outcome }) => outcome === 'FAIL').map(resultText),
    passed: results.filter(({ outcome }) => outcome === 'ok').length,
    skipped: results.filter(({ outcome }) => outcome === 'skip'),
    notes,
  }
}

const draft = z.object({ topic: z.string(), data: z.unknown(), type: z.string().optional() })
const pathOf = (request: IncomingMessage): string => new URL(request.url ?? '/', 'http://any').pathname
const textOf = (data: unknown): string => (typeof data === 'string' ? data : JSON.stringify(data))

/** A server of `/events?topic=` and `POST /events`, which makes of data what `wire` does. */
function common(wire: (data: unknown) => string) {
  const streams = new Streams()
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://any')
    if (url.pathname !== '/events') response.writeHead(404).end()
    else if (request.method === 'GET') streams.open(response, url.searchParams.get('topic') ?? '')
    else if (request.method === 'POST') {
      const { topic, data, type } = draft.parse(JSON.parse(await bodyOf(request)))
      streams.send(wire(data), { topic, type })
      response.writeHead(200).end('ok')
    } else refuse(response, request.method, 'GET, POST')
  }
}

suite('servers of other people that keep the rules', { concurrency: 3 }, () => {
  test('one that writes JSON, as better-sse does, passes whole, and the report says so', async () => {
    const listener = common(data => JSON.stringify(data))
    await using server = await startStranger((...both) => void listener(...both))

    const { failed, passed, notes } = await judge(server.base, [])

    assert.deepEqual(failed, [])
    assert.ok(passed > 50)
    assert.match(notes.join('\n'), /^a text arrives as JSON, and is judged by what JSON holds/)
  })

  test('one that wraps data in JSON of its own passes whole, by itself or with --data-path', async () => {
    const listener = common(data => JSON.stringify({ at: 1, event: { data } }))
    await using server = await startStranger((...both) => void listener(...both))

    for (const args of [[], ['--data-path', 'event.data']]) {
      assert.deepEqual((await judge(server.base, args)).failed, [])
    }
    const asIs = await judge(server.base, ['--data', 'text', '--only', 'framing/unicode'])
    assert.equal(asIs.failed.length, 1)
  })

  test('one with a single stream for all and ticks of its own passes whole, with and without {topic}', async () => {
    const streams = new Streams()
    let tick = 0
    const ticks = setInterval(() => {
      streams.send(JSON.stringify({ tick: (tick += 1) }))
      streams.send(`${tick}`, { type: 'clock' })
    }, 100)
    await using server = await startStranger((request, response) => {
      const pathname = pathOf(request)
      const act = async () => {
        if (request.method === 'GET' && pathname === '/feed') streams.open(response)
        else if (request.method === 'POST' && pathname === '/feed') {
          const { data, type } = draft.parse(JSON.parse(await bodyOf(request)))
          streams.send(textOf(data), { type })
          response.writeHead(204).end()
        } else refuse(response, request.method, 'GET, POST')
      }
      void act()
    })
    try {
      const told = await judge(new URL('/feed', server.base), [
        '--stream',
        '/feed',
        '--publish',
        'POST /feed',
      ])
      const found = await judge(server.base, ['--stream', '/feed?x={topic}', '--publish', 'POST /feed'])

      assert.deepEqual([told.failed, found.failed], [[], []])
      assert.ok(found.passed > 50)
      assert.match(found.notes.join('\n'), /every stream hears every event, so cases run one after another/)
    } finally {
      clearInterval(ticks)
    }
  })

  test('one whose topic is in the path, whose body is bare text and whose 406 asks for Accept', async () => {
    const streams = new Streams()
    await using server = await startStranger((request, response) => {
      const [, what, topic] = pathOf(request).split('/')
      const { accept = '' } = request.headers
      const act = async () => {
        if (request.method === 'POST' && what === 'pub') {
          streams.send(await bodyOf(request), { topic: topic ?? '' })
          response.writeHead(201).end()
        } else if (request.method === 'PATCH' || request.method === 'BREW') response.destroy()
        else if (request.method !== 'GET' || what !== 'sub') refuse(response, request.method)
        else if (!accept.includes('text/event-stream')) response.writeHead(406).end()
        else streams.open(response, topic)
      }
      void act()
    })

    const args = ['--stream', '/sub/{topic}', '--publish', 'POST /pub/{topic}', '--publish-body', '{{data}}']
    const { failed, skipped } = await judge(server.base, args)

    assert.equal(failed.length, 1, failed.join('\n'))
    assert.match(failed[0] ?? '', /^FAIL {2}headers\/accept-any {2}\[should\].*\n.*wanted 200, saw 406/)
    const typed = skipped.find(({ case: { id } }) => id === 'framing/type')
    assert.equal(typed?.text, 'the body of a publish has no {{type}}')
  })

  test('one that streams the answer to a POST, as language models do, is judged on what can be seen', async () => {
    await using server = await startStranger((request, response) => {
      const act = async () => {
        if (pathOf(request) !== '/v1/chat') response.writeHead(404).end()
        else if (request.method !== 'POST') refuse(response, request.method, 'POST')
        else if (!/"stream":true/.test(await bodyOf(request))) response.writeHead(400).end()
        else {
          response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
          response.end('data: {"token":"Hi"}\n\ndata: [DONE]\n\n')
        }
      }
      void act()
    })

    const { failed, passed } = await judge(new URL('/v1/chat', server.base), [
      '--stream',
      '/v1/chat',
      '--body',
      '{"stream":true}',
      '--publish',
      'none',
    ])

    assert.deepEqual(failed, [])
    assert.ok(passed > 15)
  })

  test('one that lets in a single stream at a time is judged, a case after another', async () => {
    const streams = new Streams()
    const inside = new Set<ServerResponse>()
    await using server = await startStranger((request, response) => {
      if (pathOf(request) !== '/mcp') response.writeHead(404).end()
      else if (request.method !== 'GET') refuse(response, request.method)
      else if (inside.size > 0) response.writeHead(409).end()
      else {
        inside.add(response)
        response.once('close', () => inside.delete(response))
        streams.open(response)
      }
    })

    const args = ['--stream', '/mcp', '--publish', 'none', '--serial']
    const { failed, passed } = await judge(server.base, args)

    assert.deepEqual(failed, [])
    assert.ok(passed > 20)
  })

  test('one that looks for events at a pace of its own adds no steady delay', async () => {
    const streams = new Streams()
    const waiting: { data: string; topic: string }[] = []
    const pace = setInterval(() => {
      for (const { data, topic } of waiting.splice(0)) streams.send(data, { topic })
    }, 500)
    await using server = await startStranger((request, response) => {
      const url = new URL(request.url ?? '/', 'http://any')
      const act = async () => {
        if (request.method === 'GET') streams.open(response, url.searchParams.get('topic') ?? '')
        else {
          const { topic, data } = draft.parse(JSON.parse(await bodyOf(request)))
          waiting.push({ data: textOf(data), topic })
          response.writeHead(202).end()
        }
      }
      void act()
    })

    const { failed, passed } = await judge(server.base, ['--only', 'delivery/steady-delay'])

    clearInterval(pace)
    assert.deepEqual([failed, passed], [[], 1])
  })

  test('one that wants a token gets it with every request, from --header, --cookie or the address', async () => {
    const listener = common(textOf)
    await using server = await startStranger((request, response) => {
      const { authorization, cookie } = request.headers
      if (authorization === 'Bearer a b' || authorization === 'Basic YTpi' || cookie === 'session=1')
        void listener(request, response)
      else response.writeHead(401, { 'WWW-Authenticate': 'Bearer realm="x"' }).end()
    })
    const only = ['--only', 'delivery/arrives']

    for (const args of [
      ['--header', 'Authorization: Bearer a b'],
      ['--cookie', 'session=1'],
      ['--header', 'X-A: 1\nauthorization:Bearer a b\n'],
    ])
      assert.equal((await judge(server.base, [...args, ...only])).passed, 1)
    const named = new URL(server.base)
    Object.assign(named, { username: 'a', password: 'b' })
    const options = readOptions(['--url', named.href, ...only])
    const results = await runCases(cases, options, () => undefined)
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      ['ok'],
    )
    await assert.rejects(judge(server.base, []), {
      name: 'NoAnswer',
      message:
        /is answered 401: it wants to know who asks\. Give --header 'Authorization: Bearer …' or --cookie$/,
    })
    await assert.rejects(judge(server.base, ['--cookie', 'session=2']), {
      message: /401: what was given in --header or --cookie does not do/,
    })
  })
})
