import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { within } from '@sse-lab/testkit/deadline.ts'
import { buildPage, type PageFiles } from './page-files.ts'
import { ScriptedServer, type Opened } from './scripted-server.ts'
import { openTabIn, shows } from './tab.ts'

let browser: Browser
let files: PageFiles

before(async () => {
  browser = await openBrowser()
  files = await buildPage()
})

after(() => browser.close())

const openTab = (server: ScriptedServer, path = '/') => openTabIn(browser, server, path)

async function ledgerOf(page: Page): Promise<Record<string, string | null>> {
  const ids = ['acknowledged', 'received', 'on-the-way', 'lost', 'doubled']
  const texts = await Promise.all(ids.map(id => page.locator(`#${id}`).textContent()))
  return Object.fromEntries(ids.map((id, at) => [id, texts[at] ?? null]))
}

function rowTexts(page: Page): Promise<string[][]> {
  return page
    .locator('#events tr')
    .evaluateAll(rows => rows.map(row => [...row.children].map(cell => cell.textContent)))
}

function only(server: ScriptedServer): Opened {
  const [opened, ...others] = server.open
  assert.ok(opened, 'a stream is open')
  assert.equal(others.length, 0, 'one stream is open')
  return opened
}

function worker(instance: number): Record<string, unknown> {
  const counts = { connections: 1, delivered: 5, published: 3, busLagMs: null, eventLoopDelayMs: 1.26 }
  const name = { worker: `lab/${instance}`, instance, pid: 27 + instance, host: 'lab', bus: 'memory' }
  return { ...name, ready: true, ...counts, rssBytes: 64 * 1_048_576 }
}

function workerAt(server: string, instance: number): Record<string, unknown> {
  return { ...worker(instance), worker: `lab/${server}/${instance}` }
}

test('it shows the instance, pid and host of the worker that holds the stream', async () => {
  await using server = await ScriptedServer.start(files)
  server.hello = { worker: '0123456789abcdef/2', instance: 2, pid: 31, bus: 'streams', heartbeatMs: 15_000 }

  await using tab = await openTab(server)

  await shows(tab.page, '#worker-instance', '2')
  await shows(tab.page, '#worker-pid', '31')
  await shows(tab.page, '#worker-host', '0123456789ab')
  await shows(tab.page, '#side', 'Fixed side')
})

test('it loads under `default-src self` with nothing refused, missing or from elsewhere', async () => {
  await using server = await ScriptedServer.start(files)

  await using tab = await openTab(server)
  await tab.page.locator('#send').click()
  await shows(tab.page, '#received', '1')

  const addresses: string[] = await tab.page.evaluate(() =>
    performance.getEntriesByType('resource').map(entry => entry.name),
  )
  assert.deepEqual(tab.refused, [])
  assert.ok(addresses.length >= 2, 'script and style are files')
  assert.deepEqual(
    addresses.filter(address => !address.startsWith(server.origin)),
    [],
  )
})

test('a sent event shows its text, latency, publishing worker and id, and counts as received', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)
  await tab.page.locator('#text').fill('good morning')

  await tab.page.locator('#send').click()
  await shows(tab.page, '#received', '1')

  const [row] = await rowTexts(tab.page)
  assert.deepEqual([row?.[0], row?.[2], row?.[3]], ['good morning', 'lab/0', '1-0'])
  assert.match(row?.[1] ?? '', /^\d+ ms$/)
  assert.deepEqual(await ledgerOf(tab.page), {
    acknowledged: '1',
    received: '1',
    'on-the-way': '0',
    lost: '0',
    doubled: '0',
  })
})

test('an acknowledged event that never arrives is on the way for 2 s, then lost, with the reason', async () => {
  await using server = await ScriptedServer.start(files)
  server.hello = { worker: 'lab/0', instance: 0, pid: 27, bus: 'memory', heartbeatMs: 0 }
  server.workers = { workers: [worker(0), worker(1)] }
  let publishedMs = 0
  server.publish = event => {
    publishedMs = performance.now()
    return server.acknowledge(event.topic, 'lab/1')
  }
  await using tab = await openTab(server)

  await tab.page.locator('#send').click()
  await shows(tab.page, '#on-the-way', '1')
  const atOnce = await ledgerOf(tab.page)
  await shows(tab.page, '#lost', '1')
  const graceMs = performance.now() - publishedMs

  assert.equal(atOnce['lost'], '0')
  assert.ok(graceMs >= 2000, `lost only after the grace of 2 s, not ${graceMs} ms`)
  await shows(tab.page, '#on-the-way', '0')
  await shows(
    tab.page,
    '#notice',
    /^1 event lost. It was published by worker lab\/1, this stream is held by worker lab\/0; worker lab\/0 never heard of it/,
  )
  await shows(tab.page, '#side', 'Broken side')
})

test('a lost event that comes late counts as received, and the reason goes away', async () => {
  await using server = await ScriptedServer.start(files)
  server.hello = { ...server.hello, bus: 'memory' }
  let sent: unknown
  server.publish = event => {
    sent = event.data
    return server.acknowledge(event.topic)
  }
  await using tab = await openTab(server)
  await tab.page.locator('#send').click()
  await shows(tab.page, '#lost', '1')

  only(server).send('1-0', sent)
  await shows(tab.page, '#received', '1')

  await shows(tab.page, '#lost', '0')
  await shows(tab.page, '#notice', '')
})

test('with a log an event is on the way while the stream is not past it, and lost after that', async () => {
  await using server = await ScriptedServer.start(files)
  server.helloId = '0-1'
  server.publish = event => server.acknowledge(event.topic)
  await using tab = await openTab(server)
  await tab.page.locator('#send').click()
  await shows(tab.page, '#on-the-way', '1')

  only(server).cut()
  await shows(tab.page, '#openings', '2 times')
  assert.equal((await ledgerOf(tab.page))['lost'], '0')
  only(server).write('id: 1-0\nevent: heartbeat\ndata:\n\n')

  await shows(tab.page, '#lost', '1')
  await shows(tab.page, '#on-the-way', '0')
})

test('an event that comes twice counts as doubled', async () => {
  await using server = await ScriptedServer.start(files)
  server.publish = event => {
    const answer = server.deliver(event)
    only(server).send(answer.body.id, event.data)
    return answer
  }
  await using tab = await openTab(server)

  await tab.page.locator('#send').click()
  await shows(tab.page, '#doubled', '1')

  await shows(tab.page, '#received', '1')
  await shows(tab.page, '#lost', '0')
})

test('the burst publishes 20 events, one after the other', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)

  await tab.page.locator('#burst').click()
  await shows(tab.page, '#received', '20')

  const ids = (await rowTexts(tab.page)).map(row => row[3])
  assert.deepEqual(
    ids,
    Array.from({ length: 20 }, (_, n) => `${20 - n}-0`),
  )
})

test('a refused event shows the problem details, ends the burst and counts nowhere', async () => {
  await using server = await ScriptedServer.start(files)
  server.publish = event =>
    server.requests.filter(request => request === 'POST /events').length < 4
      ? server.deliver(event)
      : { status: 503, body: { title: 'Bus away', detail: 'Redis did not answer within 1500 ms.' } }
  await using tab = await openTab(server)

  await tab.page.locator('#burst').click()
  await shows(tab.page, '#notice', /\(503: Bus away: Redis did not answer within 1500 ms\.\)/)

  await shows(tab.page, '#burst[aria-busy=false]', 'Send 20 events')
  assert.equal(server.requests.filter(request => request === 'POST /events').length, 4)
  assert.equal((await ledgerOf(tab.page))['acknowledged'], '3')
})

test('another topic ends the burst, and an answer from before counts on no ledger', async () => {
  await using server = await ScriptedServer.start(files)
  const third = Promise.withResolvers<void>()
  const published = (): number => server.requests.filter(request => request === 'POST /events').length
  server.publish = async event => {
    if (published() === 3) await third.promise
    return server.deliver(event)
  }
  await using tab = await openTab(server)
  await tab.page.locator('#burst').click()
  await within(5000, 'third POST', () => published() === 3)

  await tab.page.locator('#topic').fill('another')
  await tab.page.locator('#topic').press('Enter')
  await shows(tab.page, '#openings', '2 times')
  third.resolve()
  await shows(tab.page, '#burst[aria-busy=false]', 'Send 20 events')

  assert.equal(published(), 3)
  assert.equal((await ledgerOf(tab.page))['acknowledged'], '0')
})

test('a server that is gone is said to be, not thrown', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)
  await tab.page.route('**/events', route => route.abort())

  await tab.page.locator('#send').click()

  await shows(tab.page, '#notice', 'Not acknowledged: the server could not be reached.')
})

test('an event from elsewhere shows as it came, without latency or publisher', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)

  for (const [at, data] of ['plain', '[1,2]', 'null', '{"sentAt":1e999}', 'two\ndata: lines'].entries()) {
    only(server).send(`${at}-0`, data)
  }
  await within(5000, 'five rows', async () => (await rowTexts(tab.page)).length === 5)

  const rows = await rowTexts(tab.page)
  assert.deepEqual(
    rows.map(row => row[0]),
    ['two\nlines', '{"sentAt":1e999}', 'null', '[1,2]', 'plain'],
  )
  assert.deepEqual(new Set(rows.map(row => `${row[1]} ${row[2]}`)), new Set(['– unknown']))
  assert.equal((await ledgerOf(tab.page))['received'], '0')
})

test('markup shows as text, wherever it comes from', async () => {
  await using server = await ScriptedServer.start(files)
  const markup = '<img src=x onerror="document.title=1">'
  server.hello = { ...server.hello, worker: `${markup}/0` }
  server.workers = { workers: [{ ...worker(0), bus: markup }] }
  server.publish = () => ({ status: 400, body: { title: markup, detail: markup } })
  await using tab = await openTab(server)

  only(server).send('1-0', markup)
  only(server).send('2-0', { text: markup })
  only(server).write(`event: gap\ndata: ${JSON.stringify({ oldest: markup })}\n\n`)
  await tab.page.locator('#send').click()

  await shows(tab.page, '#notice [data-kind=problem]', `Not acknowledged (400: ${markup}: ${markup}).`)
  await shows(tab.page, '#events tr:nth-child(2) .text', markup)
  await shows(tab.page, '#events tr:nth-child(3) .text', markup)
  await shows(tab.page, '#events tr[data-gap]', /<img src=x/)
  await shows(tab.page, '#workers', /<img src=x/)
  assert.equal(await tab.page.locator('img').count(), 0)
})

test('the list keeps the newest 200 events', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)

  for (let n = 1; n <= 250; n += 1) only(server).send(`${n}-0`, `event ${n}`)
  await shows(tab.page, '#events tr:first-child .text', 'event 250')

  const rows = await rowTexts(tab.page)
  assert.equal(rows.length, 200)
  assert.equal(rows.at(-1)?.[0], 'event 51')
})

test('a gap shows in the list and in the notice, until a stream begins without one', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)

  only(server).write('event: gap\ndata: {"oldest":"21-0"}\n\n')
  await shows(tab.page, '#notice', /^Gap: /)
  await shows(tab.page, '#events tr[data-gap]', /The oldest event there is: 21-0\./)
  only(server).cut()

  await shows(tab.page, '#openings', '2 times')
  await shows(tab.page, '#notice', '')
})

test('the topic comes from the address; another one opens another stream and changes the address', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server, '/?topic=a')
  assert.equal(only(server).topic, 'a')
  only(server).send('1-0', 'on a')
  await shows(tab.page, '#events tr .text', 'on a')

  await tab.page.locator('#topic').fill('b/1')
  await tab.page.locator('#topic').press('Enter')
  await within(5000, 'stream of b/1 alone', () => server.open.length === 1 && server.open[0]?.topic === 'b/1')

  assert.equal(server.openings[1]?.queryId, null, 'an id of one topic says nothing about another')
  assert.equal(new URL(tab.page.url()).searchParams.get('topic'), 'b/1')
  assert.deepEqual(await rowTexts(tab.page), [])
  assert.equal(server.requests.filter(request => request === 'GET /').length, 1)
})

test('a topic that the server would refuse is not opened, and the rule is shown', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server, '/?topic=no+good')

  await shows(tab.page, '#notice', /^A topic is 1 to 256 of/)
  await tab.page.locator('#topic').fill('ä')
  await tab.page.locator('#topic').press('Enter')

  await shows(tab.page, '#notice', /^A topic is 1 to 256 of/)
  assert.deepEqual(
    server.openings.map(opened => opened.topic),
    ['lobby'],
  )
})

test('the worker that takes the stream over is shown, and its row is marked', async () => {
  await using server = await ScriptedServer.start(files)
  server.hello = { ...server.hello, bus: 'memory' }
  server.workers = { workers: [worker(1), worker(0)] }
  await using tab = await openTab(server)
  await shows(tab.page, '#workers tr[data-own] th', '0 this tab')

  server.hello = { worker: 'lab/1', instance: 1, pid: 28, bus: 'memory', heartbeatMs: 0 }
  only(server).cut()
  await shows(tab.page, '#worker-pid', '28')

  await shows(tab.page, '#workers tr[data-own]', '1 this tab28labmemory135–1.3 ms64 MiB')
  assert.equal(await tab.page.locator('#workers tr').count(), 2)
})

test('two processes under one name are two rows, and only the one that holds the stream is marked', async () => {
  await using server = await ScriptedServer.start(files)
  server.hello = { ...server.hello, pid: 99 }
  server.workers = { workers: [worker(0), { ...worker(0), pid: 99 }] }

  await using tab = await openTab(server)

  await shows(tab.page, '#workers tr[data-own] td', '99')
  assert.equal(await tab.page.locator('#workers tr').count(), 2)
  assert.equal(await tab.page.locator('#workers tr[data-own]').count(), 1)
})

test('workers belong together by their server, also where the names of servers have an id', async () => {
  await using server = await ScriptedServer.start(files)
  server.hello = { ...server.hello, worker: 'lab/7f3c9a1e/0', bus: 'memory', heartbeatMs: 15_000 }
  server.workers = { workers: [workerAt('7f3c9a1e', 0), workerAt('0b1d2e3f', 1)] }
  await using tab = await openTab(server)
  await shows(tab.page, '#workers tr[data-own] th', '0 this tab')
  await shows(tab.page, '#side', 'One worker')

  server.workers = { workers: [workerAt('7f3c9a1e', 0), workerAt('7f3c9a1e', 1)] }

  await shows(tab.page, '#side', 'Broken side')
  await shows(tab.page, '#worker-host', 'lab')
})

test('without Redis the list of workers says that it is partial', async () => {
  await using server = await ScriptedServer.start(files)
  server.workers = { workers: [worker(0)], partial: true }

  await using tab = await openTab(server)

  await shows(tab.page, '#workers-note', /^Partial: /)
  assert.equal(await tab.page.locator('#workers tr').count(), 1)
})

test('an answer that is no list of workers leaves the old list and says so', async () => {
  await using server = await ScriptedServer.start(files)
  server.workers = { workers: [worker(0), { worker: 'half' }] }
  await using tab = await openTab(server)
  await shows(tab.page, '#workers tr', /^0/)

  server.workers = { title: 'Not found' }

  await shows(tab.page, '#workers-note', 'The list is old: the answer is no list of workers.')
  assert.equal(await tab.page.locator('#workers tr').count(), 1)
})

test('another tab learns from the publishing tab which worker published', async () => {
  await using server = await ScriptedServer.start(files)
  server.publish = event => {
    const answer = server.deliver(event)
    return { ...answer, body: { ...answer.body, worker: 'lab/3' } }
  }
  await using tab = await openTab(server)
  const other = await tab.context.newPage()
  await other.goto(server.origin)
  await shows(other, '#stream-state', 'open')

  await tab.page.locator('#send').click()

  await shows(other, '#events tr .publisher', 'lab/3')
  await shows(tab.page, '#events tr .publisher', 'lab/3')
  assert.equal((await ledgerOf(other))['received'], '0', 'the ledger of a tab is about what it published')
})

test('after an answer that ends an EventSource for good, the page comes back by itself', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)
  only(server).send('17-0', 'before')
  await shows(tab.page, '#events tr .text', 'before')
  server.script.push('503')

  only(server).cut()
  await shows(tab.page, '#openings', '2 times')

  assert.equal(only(server).queryId, '17-0')
  await shows(tab.page, '#stream-state', 'open')
})

test('the page comes back from the back/forward cache with its list and an open stream', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)
  only(server).send('17-0', 'before')
  await shows(tab.page, '#events tr .text', 'before')

  await tab.page.goto(`${server.origin}/elsewhere`)
  await within(5000, 'end of every stream', () => server.open.length === 0)
  await tab.page.evaluate(() => history.back())
  await within(5000, 'second stream', () => server.open.length === 1)

  assert.equal(only(server).queryId, '17-0')
  assert.equal(server.requests.filter(request => request === 'GET /').length, 1)
})
