import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { buildPage } from './page-files.ts'
import { ScriptedServer } from './scripted-server.ts'
import { startSides } from './sides.ts'
import { counts, openTabIn, shows } from './tab.ts'

const browser = await openBrowser()
const files = await buildPage()

after(() => browser.close())

const openTab = (server: ScriptedServer, path = '/?rate=0') => openTabIn(browser, server, path)

function rowTexts(page: Page): Promise<string[][]> {
  return page
    .locator('#events tr')
    .evaluateAll(rows => rows.map(row => [...row.children].map(cell => cell.textContent)))
}

/** To every open stream: which of them the page shows close up, the server cannot know. */
const everyone = {
  send: (server: ScriptedServer, id: string, data: unknown) =>
    server.open.forEach(opened => opened.send(id, data)),
  write: (server: ScriptedServer, frame: string) => server.open.forEach(opened => opened.write(frame)),
  cut: (server: ScriptedServer) => server.open.forEach(opened => opened.cut()),
}

function worker(instance: number): Record<string, unknown> {
  const figures = { connections: 1, delivered: 5, published: 3, busLagMs: null, eventLoopDelayMs: 1.26 }
  const name = { worker: `lab/${instance}`, instance, pid: 27 + instance, host: 'lab', bus: 'memory' }
  return { ...name, ready: true, ...figures, rssBytes: 64 * 1_048_576 }
}

test('it shows the instance, pid and host of the worker that holds the first client', async () => {
  await using server = await ScriptedServer.start(files)
  server.hello = { worker: '0123456789abcdef/2', instance: 2, pid: 31, bus: 'streams', heartbeatMs: 15_000 }

  await using tab = await openTab(server)

  await shows(tab.page, '#worker-instance', '2')
  await shows(tab.page, '#worker-pid', '31')
  await shows(tab.page, '#worker-host', '0123456789ab')
  await shows(tab.page, '#stream-side', 'Fixed')
})

test('it loads under `default-src self`, in less than 200 kB, with nothing refused, missing or from elsewhere', async () => {
  await using server = await ScriptedServer.start(files)

  await using tab = await openTab(server)
  await tab.page.locator('#send').click()
  await counts(tab.page, 'fixed', { delivered: 5 })

  const addresses: string[] = await tab.page.evaluate(() =>
    performance.getEntriesByType('resource').map(entry => entry.name),
  )
  assert.deepEqual(tab.refused, [])
  assert.ok(addresses.length >= 2, 'script and style are files')
  assert.deepEqual(
    addresses.filter(address => !address.startsWith(server.origin)),
    [],
  )
  const bytes = [...files.values()].reduce((sum, file) => sum + file.length, 0)
  assert.ok(bytes < 200_000, `${bytes} bytes`)
})

test('a sent event shows its text, latency, publishing worker and id, and is delivered to each client', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)
  await tab.page.locator('#text').fill('good morning')

  await tab.page.locator('#send').click()
  await counts(tab.page, 'fixed', { published: 1, due: 5, delivered: 5, behind: 0, lost: 0, duplicate: 0 })

  await shows(tab.page, '#events tr .text', 'good morning')
  // The publish's answer says who published, and may come after the event.
  await shows(tab.page, '#events tr .publisher', 'lab/0')
  const [row] = await rowTexts(tab.page)
  assert.deepEqual([row?.[2], row?.[3]], ['lab/0', '1-0'])
  assert.match(row?.[1] ?? '', /^\d+ ms$/)
})

test('the burst publishes 20 events, one after the other', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)

  await tab.page.locator('#burst').click()
  await counts(tab.page, 'fixed', { delivered: 100, outOfOrder: 0 })

  await shows(tab.page, '#events tr:first-child .id', '20-0')
  const ids = (await rowTexts(tab.page)).map(row => row[3])
  assert.deepEqual(
    ids,
    Array.from({ length: 20 }, (_, n) => `${20 - n}-0`),
  )
})

test('a refused event shows the problem details, in view, and goes with the next one that is taken', async () => {
  await using server = await ScriptedServer.start(files)
  const deliver = server.publish
  server.publish = () => ({
    status: 503,
    body: { title: 'Bus away', detail: 'Redis did not answer within 1500 ms.' },
  })
  await using tab = await openTab(server)

  await tab.page.locator('#send').click()
  await shows(
    tab.page,
    '#notices',
    'Fixed: Not acknowledged (503: Bus away: Redis did not answer within 1500 ms.).',
  )
  const box = await tab.page.locator('#notices p').boundingBox()
  assert.ok(box && box.y >= 0 && box.y + box.height <= 720, `in view: ${JSON.stringify(box)}`)
  server.publish = deliver
  await tab.page.locator('#send').click()

  await shows(tab.page, '#notices', '', 10_000)
  await counts(tab.page, 'fixed', { published: 1 })
})

test('a server that is gone is said to be, not thrown', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)
  await tab.page.route('**/events', route => route.abort())

  await tab.page.locator('#send').click()

  await shows(tab.page, '#notices', 'Fixed: Not acknowledged: the server could not be reached.')
})

test('an event from elsewhere shows as it came, without latency or publisher, and is not counted', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)

  for (const [at, data] of ['plain', '[1,2]', 'null', '{"sentAt":1e999}', 'two\ndata: lines'].entries())
    everyone.send(server, `${at}-0`, data)
  await until('five rows', 5000, async () => (await rowTexts(tab.page)).length === 5)

  const rows = await rowTexts(tab.page)
  assert.deepEqual(
    rows.map(row => row[0]),
    ['two\nlines', '{"sentAt":1e999}', 'null', '[1,2]', 'plain'],
  )
  assert.deepEqual(new Set(rows.map(row => `${row[1]} ${row[2]}`)), new Set(['– unknown']))
  await counts(tab.page, 'fixed', { due: 0, delivered: 0 })
})

test('markup shows as text, wherever it comes from', async () => {
  await using server = await ScriptedServer.start(files)
  const markup = '<img src=x onerror="document.title=1">'
  server.hello = { ...server.hello, worker: `${markup}/0` }
  server.workers = { workers: [{ ...worker(0), worker: `${markup}/0` }] }
  server.publish = () => ({ status: 400, body: { title: markup, detail: markup } })
  await using tab = await openTab(server)

  everyone.send(server, '1-0', markup)
  everyone.send(server, '2-0', { text: markup })
  everyone.write(server, `event: gap\ndata: ${JSON.stringify({ oldest: markup })}\n\n`)
  await tab.page.locator('#send').click()

  await shows(tab.page, '#notices', `Fixed: Not acknowledged (400: ${markup}: ${markup}).`)
  await shows(tab.page, '#events tr:nth-child(2) .text', markup)
  await shows(tab.page, '#events tr:nth-child(3) .text', markup)
  await shows(tab.page, '#events tr[data-gap]', /<img src=x/)
  assert.equal(await tab.page.locator('img').count(), 0)
})

test('the list keeps the newest 200 events, and the beat of the page is not among them', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server, '/?rate=20')

  for (let n = 1; n <= 250; n += 1) everyone.send(server, `${1000 + n}-0`, `event ${n}`)
  await shows(tab.page, '#events tr:first-child .text', 'event 250')

  const rows = await rowTexts(tab.page)
  assert.equal(rows.length, 200)
  assert.equal(rows.at(-1)?.[0], 'event 51')
})

test('a gap shows in the list, with the oldest event that there is', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)

  everyone.write(server, 'event: gap\ndata: {"oldest":"21-0"}\n\n')

  await shows(tab.page, '#events tr[data-gap]', /^Gap: .* The oldest event there is: 21-0\.$/)
})

test('the topic comes from the address; another one opens other streams and changes the address', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server, '/?rate=0&topic=a')
  assert.deepEqual(new Set(server.open.map(({ topic }) => topic)), new Set(['a']))
  everyone.send(server, '1-0', 'on a')
  await shows(tab.page, '#events tr .text', 'on a')

  await tab.page.locator('#topic').fill('b/1')
  await tab.page.locator('#topic').press('Enter')
  await until('streams of b/1 alone', 5000, () => {
    return server.open.length === 5 && server.open.every(({ topic }) => topic === 'b/1')
  })

  assert.ok(
    server.open.every(({ queryId }) => queryId === null),
    'an id of one topic says nothing about another',
  )
  assert.equal(new URL(tab.page.url()).searchParams.get('topic'), 'b/1')
  await shows(tab.page, '#events', '')
  assert.equal(server.requests.filter(request => request === 'GET /').length, 1)
})

test('a topic that the server would refuse is not opened, and the rule is shown', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server, '/?rate=0&topic=no+good')

  await shows(tab.page, '#notices', /^A topic is 1 to 256 of/)
  await tab.page.locator('#topic').fill('ä')
  await tab.page.locator('#topic').press('Enter')

  await shows(tab.page, '#notices', /^A topic is 1 to 256 of/)
  assert.deepEqual(new Set(server.openings.map(({ topic }) => topic)), new Set(['lobby']))
})

test('the worker that takes a client over is shown', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)
  await shows(tab.page, '#worker-instance', '0')

  server.hello = { worker: 'lab/1', instance: 1, pid: 28, bus: 'streams', heartbeatMs: 0 }
  everyone.cut(server)

  await shows(tab.page, '#worker-pid', '28')
  await shows(tab.page, '#openings', '2 times')
})

test('the list of workers has a row for each process, also for two under one name', async () => {
  await using server = await ScriptedServer.start(files)
  server.workers = { workers: [worker(0), { ...worker(0), pid: 99 }] }

  await using tab = await openTab(server)

  await shows(tab.page, '#workers tr[data-process="lab/0 99"] td', '99')
  assert.equal(await tab.page.locator('#workers tr').count(), 2)
})

test('without Redis the list of workers says that only one is shown', async () => {
  await using server = await ScriptedServer.start(files)
  server.workers = { workers: [worker(0)], partial: true }

  await using tab = await openTab(server)

  await shows(tab.page, '#workers-note', /^Redis is unreachable: /)
  assert.equal(await tab.page.locator('#workers tr').count(), 1)
})

test('an answer that is no list of workers leaves the old list and says so', async () => {
  await using server = await ScriptedServer.start(files)
  server.workers = { workers: [worker(0), { worker: 'half' }] }
  await using tab = await openTab(server)
  await shows(tab.page, '#workers tr', /^Fixed 0/)

  server.workers = { title: 'Not found' }

  await shows(tab.page, '#workers-note', 'Not updating: the answer is no list of workers.')
  assert.equal(await tab.page.locator('#workers tr').count(), 1)
})

test('another tab gets the event, and learns from the publishing tab which worker published it', async () => {
  await using server = await ScriptedServer.start(files)
  server.publish = event => {
    const answer = server.deliver(event)
    return { ...answer, body: { ...answer.body, worker: 'lab/3' } }
  }
  await using tab = await openTab(server)
  // A browser of its own has connections of its own, but tells nobody: it stands for another machine.
  await using far = await openTab(server)

  await tab.page.locator('#send').click()

  await shows(tab.page, '#events tr .publisher', 'lab/3')
  await shows(far.page, '#events tr .publisher', 'unknown')
  await counts(far.page, 'fixed', { published: 0, due: 0 })
})

test('after an answer that ends an EventSource for good, the fixed side comes back by itself and the broken one never', async () => {
  await using sides = await startSides(files)
  const { fixed, broken } = sides
  await using tab = await openTabIn(browser, fixed)
  for (const server of [fixed, broken]) {
    everyone.send(server, '17-0', 'before')
    server.script.push('503')
  }
  await shows(tab.page, '#events tr .text', 'before')

  for (const server of [fixed, broken]) server.open[0]?.cut()
  await until('the fixed side to be back', 5000, () =>
    fixed.openings.some(({ queryId }) => queryId === '17-0'),
  )

  await counts(tab.page, 'fixed', { open: 5 })
  await counts(tab.page, 'broken', { open: 4, total: 5 })
  // Until the answer is there, the fifth is on its way back.
  const dead = tab.page.locator('[data-side=broken] [data-look=dead]')
  await until('the fifth to have given up', 5000, async () => (await dead.count()) === 1)
})

test('the page comes back from the back/forward cache with its list and every stream', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTab(server)
  everyone.send(server, '17-0', 'before')
  await shows(tab.page, '#events tr .text', 'before')

  await tab.page.goto(`${server.origin}/elsewhere`)
  await until('end of every stream', 5000, () => server.open.length === 0)
  await tab.page.evaluate(() => history.back())
  await until('every stream again', 5000, () => server.open.length === 5)

  assert.ok(server.open.some(({ queryId }) => queryId === '17-0'))
  assert.equal(server.requests.filter(request => request === 'GET /').length, 1)
  await shows(tab.page, '#events tr .text', 'before')
})
