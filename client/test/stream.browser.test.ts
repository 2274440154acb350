import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { streamAlone } from './page-files.ts'
import { ScriptedServer, type Opened } from './scripted-server.ts'

const browser = await openBrowser()
const files = await streamAlone()

after(() => browser.close())

/** `random` takes the place of chance: 1 is the longest wait, 0 the shortest. */
interface Wait {
  readonly backoffMsBase?: number
  readonly backoffMsMax?: number
  readonly random?: number
  /** Whether each connection has an address of its own: topic t1, t2 and so on. */
  readonly asksForAddress?: boolean
}

/** A blank page that imports nothing but src/stream.ts, opens one stream and writes down all it is told. */
async function openPage(
  server: ScriptedServer,
  wait: Wait = {},
): Promise<AsyncDisposable & { page: Page; log(): Promise<string[]> }> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(server.origin)
  await page.evaluate(async ({ random, asksForAddress, ...backoff }) => {
    if (random !== undefined) Math.random = () => random
    const log: string[] = []
    const { openStream }: typeof import('../src/stream.ts') = await import(`${location.origin}/stream.js`)
    let asked = 0
    const stream = openStream(
      {
        url: asksForAddress ? async () => `/events?topic=t${(asked += 1)}` : '/events?topic=lobby',
        backoffMsBase: 100,
        ...backoff,
      },
      {
        state: state => log.push(state),
        hello: hello => log.push(`hello ${hello.worker}`),
        event: event => log.push(`${event.id} ${event.data}`),
        heartbeat: () => log.push('heartbeat'),
        gap: oldest => log.push(`gap ${oldest}`),
        expired: () => log.push('expired'),
      },
    )
    Object.assign(globalThis, { log, stream })
  }, wait)
  return {
    page,
    log: () => page.evaluate('log'),
    [Symbol.asyncDispose]: () => context.close(),
  }
}

/** The n-th opening of a stream since the start. */
function opening(server: ScriptedServer, n: number): Promise<Opened> {
  return until(
    `opening number ${n}`,
    5000,
    () => server.openings[n - 1],
    () => `${server.openings.length} openings`,
  )
}

async function logged(tab: { log(): Promise<string[]> }, line: string): Promise<void> {
  await until(
    `"${line}"`,
    5000,
    async () => (await tab.log()).includes(line),
    () => tab.log(),
  )
}

/** For "nothing happens": passes once another stream, silent from the start, was opened again so many times (600 ms each). */
async function anotherStreamReopens(times: number): Promise<void> {
  await using server = await ScriptedServer.start(files)
  server.hello = { ...server.hello, heartbeatMs: 200 }
  await using tab = await openPage(server)
  const hellos = async (): Promise<number> =>
    (await tab.log()).filter(line => line.startsWith('hello')).length
  await until(`${1 + times} hellos`, 5000, async () => (await hellos()) > times, hellos)
}

test('the first stream asks for no id, and is open once a worker has said hello', async () => {
  await using server = await ScriptedServer.start(files)

  await using tab = await openPage(server)
  await logged(tab, 'hello lab/0')

  assert.deepEqual(await tab.log(), ['opening', 'open', 'hello lab/0'])
  assert.equal(server.openings[0]?.queryId, null)
  assert.equal(server.openings[0].headerId, undefined)
})

test('a stream whose grant has ended says so, and comes back by itself with its last id', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openPage(server)
  const first = await opening(server, 1)
  first.send('17-0', 'before')
  first.write('event: token-expired\ndata:\n\n')
  await logged(tab, 'expired')

  first.cut()
  const second = await opening(server, 2)

  assert.equal(second.headerId, '17-0')
})

test('with a function for the address no connection uses one twice, and the last id goes along', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openPage(server, { asksForAddress: true })
  const first = await opening(server, 1)
  first.send('17-0', 'before')
  await logged(tab, '17-0 before')

  first.cut()
  const second = await opening(server, 2)
  server.script.push('503')
  second.cut()
  const fourth = await opening(server, 4)

  assert.deepEqual([first.topic, second.topic, fourth.topic], ['t1', 't2', 't4'])
  assert.deepEqual([second.queryId, second.headerId], ['17-0', undefined])
  assert.equal(fourth.queryId, '17-0')
})

test('after a 503, where the browser gives up, it opens again with the last id in the query', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openPage(server)
  const first = await opening(server, 1)
  first.send('17-0', 'before')
  await logged(tab, '17-0 before')
  server.script.push('503', '503')

  first.cut()
  const second = await opening(server, 2)
  const third = await opening(server, 3)
  const fourth = await opening(server, 4)
  fourth.send('18-0', 'after')
  await logged(tab, '18-0 after')

  assert.equal(second.headerId, '17-0', 'the browser itself comes back with the header')
  assert.deepEqual([third.headerId, third.queryId], [undefined, '17-0'], 'a new EventSource brings the query')
  assert.deepEqual([fourth.headerId, fourth.queryId], [undefined, '17-0'])
  assert.deepEqual((await tab.log()).slice(-4), ['reconnecting', 'open', 'hello lab/0', '18-0 after'])
})

test('it opens again when the first answer of all is a 503', async () => {
  await using server = await ScriptedServer.start(files)
  server.script.push('503')

  await using tab = await openPage(server)
  await logged(tab, 'hello lab/0')

  assert.equal(server.openings.length, 2)
  assert.equal(server.openings[1]?.queryId, null)
})

test('it opens again after an answer that is not an event stream', async () => {
  await using server = await ScriptedServer.start(files)
  server.script.push('not a stream')

  await using tab = await openPage(server)
  await logged(tab, 'hello lab/0')

  assert.equal(server.openings.length, 2)
})

test('three silent heartbeats close the stream and open another with the last id', async () => {
  await using server = await ScriptedServer.start(files)
  server.hello = { ...server.hello, heartbeatMs: 200 }
  server.helloId = '40-0'
  await using tab = await openPage(server)
  const first = await opening(server, 1)

  const second = await opening(server, 2)
  const silentMs = second.atMs - first.atMs
  await until('end of the first stream', 5000, () => !first.isOpen)

  assert.deepEqual([second.headerId, second.queryId], [undefined, '40-0'])
  assert.ok(silentMs >= 500, `it waited for three heartbeats of 200 ms, not for ${silentMs} ms`)
  await logged(tab, 'reconnecting')
})

test('an id outlives a stream whose hello has none', async () => {
  await using server = await ScriptedServer.start(files)
  server.hello = { ...server.hello, heartbeatMs: 400 }
  await using _ = await openPage(server)
  const first = await opening(server, 1)
  first.send('17-0', 'before')

  const second = await opening(server, 2)
  const third = await opening(server, 3)

  assert.equal(second.queryId, '17-0')
  assert.equal(third.queryId, '17-0')
})

test('the wait doubles with each failure up to its maximum, and is short again after a hello', async () => {
  await using server = await ScriptedServer.start(files)
  server.script.push('503', '503', '503', '503', '503', 'hello', '503')
  await using tab = await openPage(server, { backoffMsBase: 100, backoffMsMax: 800, random: 1 })
  await logged(tab, 'hello lab/0')

  server.openings[5]?.cut()
  await opening(server, 8)

  const at = server.openings.map(opened => opened.atMs)
  const waits = at.slice(1).map((atMs, n) => atMs - (at[n] ?? 0))
  const seen = waits.map(Math.round).join(', ')
  const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0, , afterHello = Infinity] = waits
  assert.ok(first >= 95 && second >= 195 && third >= 395 && fourth >= 795, `waits doubled: ${seen}`)
  assert.ok(fifth >= 795 && fifth < 1600, `the fifth is the maximum, not 1600 ms: ${seen}`)
  assert.ok(afterHello >= 95 && afterHello < 800, `short again, not the maximum: ${seen}`)
})

test('the wait is random down to nothing, so that tabs thrown out together do not come back together', async () => {
  await using server = await ScriptedServer.start(files)
  server.script.push('503', '503', '503')

  await using tab = await openPage(server, { backoffMsBase: 30_000, random: 0 })
  await logged(tab, 'hello lab/0')

  assert.equal(server.openings.length, 4)
})

test('heartbeats keep a stream without events open', async () => {
  await using server = await ScriptedServer.start(files)
  server.hello = { ...server.hello, heartbeatMs: 400 }
  await using tab = await openPage(server)
  const first = await opening(server, 1)
  const heartbeats = async (): Promise<number> =>
    (await tab.log()).filter(line => line === 'heartbeat').length

  const timer = setInterval(() => first.write('event: heartbeat\ndata:\n\n'), 100)
  try {
    await until('fifteen heartbeats, so 1.5 s', 5000, async () => (await heartbeats()) >= 15, heartbeats)
  } finally {
    clearInterval(timer)
  }

  assert.equal(server.openings.length, 1)
})

test('without heartbeats silence means nothing', async () => {
  await using server = await ScriptedServer.start(files)
  server.hello = { ...server.hello, heartbeatMs: 200 }
  await using tab = await openPage(server)
  await logged(tab, 'hello lab/0')
  server.hello = { ...server.hello, worker: 'lab/1', heartbeatMs: 0 }
  server.openings[0]?.cut()
  await logged(tab, 'hello lab/1')
  const openingsBefore = server.openings.length

  await anotherStreamReopens(2)

  assert.equal(server.openings.length, openingsBefore)
  assert.equal(server.open.length, 1)
})

test('while the browser reconnects by itself, however slowly, no second stream is opened', async () => {
  await using server = await ScriptedServer.start(files)
  server.hello = { ...server.hello, heartbeatMs: 400 }
  server.retryMs = 3000
  await using tab = await openPage(server)
  const first = await opening(server, 1)
  first.send('17-0', 'before')
  await logged(tab, '17-0 before')

  first.cut()
  const second = await opening(server, 2)

  assert.deepEqual([second.headerId, second.queryId], ['17-0', null], 'it is the browser that came back')
  assert.equal(server.openings.length, 2)
  assert.equal(server.open.length, 1)
})

test('an answer of only `retry:` is left to the browser and never counts as open', async () => {
  await using server = await ScriptedServer.start(files)
  server.script.push('retry only', 'retry only', 'retry only')

  await using tab = await openPage(server)
  await logged(tab, 'hello lab/0')

  assert.deepEqual(await tab.log(), ['opening', 'reconnecting', 'open', 'hello lab/0'])
  assert.equal(server.openings.length, 4)
})

test('a worker that takes over is told, and so is a gap with the oldest id', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openPage(server)
  await logged(tab, 'hello lab/0')
  server.hello = { ...server.hello, worker: 'lab/3', instance: 3 }

  server.openings[0]?.cut()
  const second = await opening(server, 2)
  second.write('id: 30-0\nevent: gap\ndata: {"oldest":"21-0"}\n\nevent: gap\ndata: {"oldest":null}\n\n')
  await logged(tab, 'gap null')

  assert.deepEqual((await tab.log()).slice(-4), ['open', 'hello lab/3', 'gap 21-0', 'gap null'])
})

test('hello, heartbeat and gap come with the last id that the stream was told', async () => {
  await using server = await ScriptedServer.start(files)
  server.helloId = '40-0'
  await using tab = await openPage(server)
  await logged(tab, 'hello lab/0')
  await tab.page.evaluate(async () => {
    const { openStream }: typeof import('../src/stream.ts') = await import(`${location.origin}/stream.js`)
    const told: string[] = []
    const listeners = {
      hello: (_: unknown, id: string) => told.push(`hello ${id}`),
      heartbeat: (id: string) => told.push(`heartbeat ${id}`),
      gap: (_: unknown, id: string) => told.push(`gap ${id}`),
    }
    openStream({ url: '/events?topic=ids' }, listeners)
    Object.assign(globalThis, { told })
  })
  const second = await opening(server, 2)

  second.write('id: 41-0\nevent: heartbeat\ndata:\n\nevent: heartbeat\ndata:\n\n')
  second.write('id: 42-0\nevent: gap\ndata: {"oldest":null}\n\n')

  const told = async (): Promise<string[]> => await tab.page.evaluate('told')
  await until('a gap', 5000, async () => (await told()).length === 4, told)
  assert.deepEqual(await told(), ['hello 40-0', 'heartbeat 41-0', 'heartbeat 41-0', 'gap 42-0'])
})

test('closed, it stays closed: also through a wait, and when the page is shown again', async () => {
  await using server = await ScriptedServer.start(files)
  server.script.push('503')
  await using tab = await openPage(server)
  await logged(tab, 'reconnecting')

  await tab.page.evaluate('stream.close()')
  await tab.page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })))
  await anotherStreamReopens(1)

  // It may have been closed while it was opening again, and then Chromium keeps its connection for 5 s.
  await until('end of every stream', 10_000, () => server.open.length === 0)
  assert.equal((await tab.log()).at(-1), 'closed')
})

test('closed by its own listener, at a failure or at the start, it tells nothing more and stays closed', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openPage(server)
  await logged(tab, 'hello lab/0')
  server.script.push('503', 'hello')

  await tab.page.evaluate(async () => {
    const { openStream }: typeof import('../src/stream.ts') = await import(`${location.origin}/stream.js`)
    const log: string[] = []
    const closingAt = (last: string): Promise<void> =>
      new Promise(done => {
        const closing = openStream(
          { url: '/events?topic=closing', backoffMsBase: 100 },
          {
            state(state) {
              log.push(state)
              if (state === last) closing.close()
              if (state === 'closed') done()
            },
            hello: () => log.push('hello'),
          },
        )
      })
    await closingAt('reconnecting')
    await closingAt('open')
    Object.assign(globalThis, { told: log })
  })
  await anotherStreamReopens(1)
  const told = await tab.page.evaluate('told')

  assert.deepEqual(told, ['opening', 'reconnecting', 'closed', 'opening', 'open', 'closed'])
  assert.deepEqual(
    server.open.map(opened => opened.topic),
    ['lobby'],
  )
})

test('it is closed on pagehide, although the page lives on', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openPage(server)
  await logged(tab, 'hello lab/0')

  await tab.page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })))
  await until('end of every stream', 5000, () => server.open.length === 0)

  assert.equal((await tab.log()).at(-1), 'closed')
})

test('a page that comes back from the back/forward cache opens its stream again, with the last id', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openPage(server)
  const first = await opening(server, 1)
  first.send('17-0', 'before')
  await logged(tab, '17-0 before')

  await tab.page.goto(`${server.origin}/stream.js`)
  await until('end of every stream', 5000, () => server.open.length === 0)
  await tab.page.evaluate(() => history.back())
  const second = await opening(server, 2)

  assert.deepEqual([second.headerId, second.queryId], [undefined, '17-0'])
  const loads = server.requests.filter(request => request === 'GET /')
  assert.equal(loads.length, 1, 'the page itself was not loaded again')
})
