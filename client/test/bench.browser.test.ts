import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { releaseMsMax, within } from '@sse-lab/testkit/deadline.ts'
import { buildPage, type PageFiles } from './page-files.ts'
import { ScriptedServer } from './scripted-server.ts'
import { openTabIn, shows } from './tab.ts'

let browser: Browser
let files: PageFiles

before(async () => {
  browser = await openBrowser()
  files = await buildPage()
})

after(() => browser.close())

function worker(name: string, bus: string): Record<string, unknown> {
  const [host = '', instance = ''] = name.split('/')
  const counts = {
    connections: 1,
    delivered: 5,
    published: 3,
    busLagMs: null,
    eventLoopDelayMs: 1,
    rssBytes: 1,
  }
  return { worker: name, instance: Number(instance), pid: 27, host, bus, ready: true, ...counts }
}

/** Two sides that know each other: one delivers everything, the other only what its stream's own worker took. */
async function startSides(
  lab = true,
): Promise<AsyncDisposable & { fixed: ScriptedServer; broken: ScriptedServer }> {
  const [fixed, broken] = [await ScriptedServer.start(files), await ScriptedServer.start(files)]
  fixed.hello = { worker: 'a/0', instance: 0, pid: 27, bus: 'streams', heartbeatMs: 0 }
  broken.hello = { worker: 'b/0', instance: 0, pid: 27, bus: 'memory', heartbeatMs: 0 }
  const names = ['a/0', 'a/1', 'b/0', 'b/1'].map(name =>
    worker(name, name.startsWith('a') ? 'streams' : 'memory'),
  )
  for (const side of [fixed, broken]) {
    side.workers = { workers: names }
    side.lab = { lab, origins: [fixed.origin, broken.origin], report: false }
  }
  return {
    fixed,
    broken,
    async [Symbol.asyncDispose]() {
      await Promise.all([fixed[Symbol.asyncDispose](), broken[Symbol.asyncDispose]()])
    },
  }
}

const side = (server: ScriptedServer) => `.bench-side[aria-label="Side ${server.origin}"]`
const count = (server: ScriptedServer, key: string) => `${side(server)} [data-count-of="${key}"]`

async function openStreams(page: Page, server: ScriptedServer, number: number, open: string): Promise<void> {
  await page.locator(`${side(server)} button[data-open="${number}"]`).click()
  await shows(page, `${side(server)} .open-count`, open)
}

test('both sides get what is sent, and the ledger of each says what theory loses and what was lost', async () => {
  await using sides = await startSides()
  const { fixed, broken } = sides
  // Every second publish is taken by a worker that holds none of the streams.
  let taken = 0
  broken.publish = event => {
    taken += 1
    return taken % 2 === 0 ? broken.acknowledge(event.topic, 'b/1') : broken.deliver(event)
  }
  await using tab = await openTabIn(browser, fixed)
  for (const server of [fixed, broken]) await openStreams(tab.page, server, 1, '1 of 1 open')

  await tab.page.locator('#bench-burst').click()

  for (const server of [fixed, broken]) await shows(tab.page, count(server, 'published'), '20')
  await shows(tab.page, count(fixed, 'received'), '20')
  await shows(tab.page, count(broken, 'lost'), '10')
  await shows(tab.page, count(broken, 'predicted'), '10')
  for (const key of ['lost', 'predicted', 'doubled', 'disordered'])
    await shows(tab.page, count(fixed, key), '0')
  assert.deepEqual(tab.refused, [])
})

test('an event that comes twice or out of its order shows on its side alone', async () => {
  await using sides = await startSides()
  const { fixed, broken } = sides
  const held: (() => void)[] = []
  broken.publish = ({ topic, data }) => {
    const answer = broken.acknowledge(topic)
    const send = () => broken.open.forEach(opened => opened.send(answer.body.id, data))
    // The first waits for the second, which comes twice.
    if (held.length === 0) held.push(send)
    else [send, send, ...held].forEach(act => act())
    return answer
  }
  await using tab = await openTabIn(browser, fixed)
  for (const server of [fixed, broken]) await openStreams(tab.page, server, 1, '1 of 1 open')

  for (let sent = 0; sent < 2; sent += 1) await tab.page.locator('#bench-form button[type=submit]').click()

  await shows(tab.page, count(broken, 'received'), '2')
  await shows(tab.page, count(broken, 'doubled'), '1')
  await shows(tab.page, count(broken, 'disordered'), '1')
  for (const key of ['doubled', 'disordered']) await shows(tab.page, count(fixed, key), '0')
})

test('the way of an event names who took it, the log, and each worker as far as this tab has seen it', async () => {
  await using sides = await startSides()
  const { fixed } = sides
  await using tab = await openTabIn(browser, fixed)
  await openStreams(tab.page, fixed, 1, '1 of 1 open')
  await shows(tab.page, `${side(fixed)} .lanes`, /a\/1/)

  await tab.page.locator('#bench-form button[type=submit]').click()

  await shows(tab.page, `${side(fixed)} .way li:nth-child(1)`, 'worker a/0 took it')
  await shows(tab.page, `${side(fixed)} .way li:nth-child(2)`, 'log: 1-0')
  await shows(tab.page, `${side(fixed)} .way li:nth-child(3)`, /^worker a\/0: this tab had it after \d+ ms$/)
  await shows(tab.page, `${side(fixed)} .way li:nth-child(4)`, 'worker a/1: no stream of this tab')
})

/** A lab on this machine that the page reaches by both of its names, so that it may call names below localhost. */
async function startLocalLab(): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(files)
  server.workers = { workers: [worker('lab/0', 'streams')] }
  const otherName = server.origin.replace('127.0.0.1', 'localhost')
  server.lab = { lab: true, origins: [server.origin, otherName], report: false }
  return server
}

test('streams spread over names of this machine, none is held back, and publishing goes on', async () => {
  await using server = await startLocalLab()
  await using tab = await openTabIn(browser, server)

  await openStreams(tab.page, server, 10, '10 of 10 open')
  await openStreams(tab.page, server, 100, '48 of 48 open')

  await shows(
    tab.page,
    `${side(server)} .held-back`,
    /^62 not opened\. At most 48 streams here, over 8 names /,
  )
  const hosts = server.open.map(({ host }) => host.split(':', 1)[0])
  const counts = Map.groupBy(hosts, host => host)
  assert.deepEqual([...counts].map(([host, all]) => `${host} ${all.length}`).toSorted(), [
    '127.0.0.1 1',
    ...Array.from({ length: 8 }, (_, n) => `s${n}.localhost 6`),
  ])
  await tab.page.locator('#bench-burst').click()
  await shows(tab.page, count(server, 'received'), '960', 10_000)
  await tab.page.locator('#send').click()
  await shows(tab.page, '#received', '1')
  assert.deepEqual(tab.refused, [])
  await tab.page.locator(`${side(server)} .close`).click()
  await shows(tab.page, `${side(server)} .open-count`, '0 of 0 open')
  await within(releaseMsMax, 'only the page’s own stream', () => server.open.length === 1)
})

test('where the lab has no such names an address has five streams, the page says so, and publishing goes on', async () => {
  await using sides = await startSides()
  const { fixed, broken } = sides
  await using tab = await openTabIn(browser, fixed)
  // The page's own stream is the fifth.
  await shows(
    tab.page,
    `${side(fixed)} .held-back`,
    /^At most 4 streams here: over HTTP\/1\.1 a browser opens 6 /,
  )

  await openStreams(tab.page, fixed, 10, '4 of 4 open')
  await openStreams(tab.page, broken, 10, '5 of 5 open')

  await shows(tab.page, `${side(fixed)} .held-back`, /^6 not opened\. At most 4 streams here/)
  await tab.page.locator('#bench-burst').click()
  await shows(tab.page, count(fixed, 'received'), '80')
  await shows(tab.page, count(broken, 'received'), '100')
  await tab.page.locator('#send').click()
  await shows(tab.page, '#received', '1')
})

test('a browser that does not take the names for this machine has five streams', async () => {
  await using server = await startLocalLab()
  await using context = await browser.newContext()
  await context.route(/names\.localhost/, route => route.abort())
  const page = await context.newPage()
  await page.goto(server.origin)

  await openStreams(page, server, 10, '4 of 4 open')

  assert.ok(server.openings.every(({ host }) => host.startsWith('127.0.0.1:')))
})

test('the tabs of a browser share its connections: what one has, the other does not open', async () => {
  await using server = await startLocalLab()
  await using tab = await openTabIn(browser, server)
  await openStreams(tab.page, server, 100, '48 of 48 open')
  const other = await tab.context.newPage()
  await other.goto(server.origin)

  await other.locator(`${side(server)} [data-open="1"]`).click()
  await shows(other, `${side(server)} .held-back`, /^1 not opened\. /)
  await tab.page.locator(`${side(server)} .close`).click()
  await shows(tab.page, `${side(server)} .open-count`, '0 of 0 open')

  await openStreams(other, server, 1, '1 of 1 open')
})

test('a stream that was cut comes back before one that was never open', async () => {
  await using server = await ScriptedServer.start(files)
  server.helloId = '40-0'
  await using tab = await openTabIn(browser, server)
  await openStreams(tab.page, server, 1, '1 of 1 open')
  server.script.push('silence')
  await tab.page.locator(`${side(server)} [data-open="1"]`).click()
  const silent = await within(5000, 'an opening without an answer', () => server.openings[2])

  server.openings[1]?.cut()
  await shows(tab.page, `${side(server)} .open-count`, '2 of 2 open', 10_000)

  const [first, second] = server.openings.slice(3)
  assert.equal(silent.isOpen, false, 'the one that was never open gave its connection up')
  assert.equal(first?.headerId, '40-0', 'the one that was cut is the first to open')
  assert.deepEqual([second?.headerId, second?.queryId], [undefined, null])
  assert.equal(server.openings.length, 5)
})

test('a page with streams on its sides comes back from the back/forward cache with all of them', async () => {
  await using server = await startLocalLab()
  await using tab = await openTabIn(browser, server)
  await openStreams(tab.page, server, 10, '10 of 10 open')

  await tab.page.goto(`${server.origin}/elsewhere`)
  await within(5000, 'end of every stream', () => server.open.length === 0)
  await tab.page.evaluate(() => history.back())
  await within(5000, 'every stream again', () => server.open.length === 11)

  await shows(tab.page, `${side(server)} .open-count`, '10 of 10 open')
  assert.equal(server.requests.filter(request => request === 'GET /').length, 1)
})

test('with a log, what a stream has not got is behind for as long as it may still come; without one it is lost', async () => {
  await using sides = await startSides()
  const { fixed, broken } = sides
  fixed.helloId = '0-1'
  let sent: unknown
  for (const server of [fixed, broken]) {
    server.publish = event => {
      sent = event.data
      return server.acknowledge(event.topic)
    }
  }
  await using tab = await openTabIn(browser, fixed)
  for (const server of [fixed, broken]) await openStreams(tab.page, server, 1, '1 of 1 open')
  await tab.page.locator('#bench-form button[type=submit]').click()
  await shows(tab.page, count(fixed, 'behind'), '1')

  for (const server of [fixed, broken]) server.open.at(-1)?.cut()
  for (const server of [fixed, broken]) await shows(tab.page, `${side(server)} .returns`, /1 came back/)

  // The other side has none of its time left, so this one's is over, too.
  await shows(tab.page, count(broken, 'lost'), '1')
  await shows(tab.page, count(broken, 'behind'), '0')
  await shows(tab.page, count(fixed, 'lost'), '0')
  await shows(tab.page, count(fixed, 'behind'), '1')
  fixed.open.at(-1)?.send('1-0', sent)
  await shows(tab.page, count(fixed, 'received'), '1')
  await shows(tab.page, count(fixed, 'behind'), '0')
})

test('with a log, an event is lost once a heartbeat is past it', async () => {
  await using sides = await startSides()
  const { fixed } = sides
  fixed.publish = event => fixed.acknowledge(event.topic)
  await using tab = await openTabIn(browser, fixed)
  await openStreams(tab.page, fixed, 1, '1 of 1 open')
  await tab.page.locator('#bench-form button[type=submit]').click()
  await shows(tab.page, count(fixed, 'behind'), '1')

  fixed.open.at(-1)?.write('id: 1-0\nevent: heartbeat\ndata:\n\n')

  await shows(tab.page, count(fixed, 'lost'), '1')
  await shows(tab.page, count(fixed, 'behind'), '0')
})

test('streams of this tab are marks in the lane of their worker, and come back when they are cut', async () => {
  await using sides = await startSides()
  const { fixed } = sides
  await using tab = await openTabIn(browser, fixed)
  await openStreams(tab.page, fixed, 1, '1 of 1 open')
  await shows(tab.page, `${side(fixed)} [data-worker="a/0"] .count`, '1 open, 1 of this tab')
  fixed.hello = { ...fixed.hello, worker: 'a/1', instance: 1 }

  for (const opened of fixed.open) opened.cut()

  await shows(tab.page, `${side(fixed)} .returns`, '0 coming back, 1 came back')
  await shows(tab.page, `${side(fixed)} [data-worker="a/1"] .count`, '1 open, 1 of this tab')
  await shows(tab.page, `${side(fixed)} [data-worker="a/0"] .count`, '1 open')
})

test('in a lab a worker is killed or reloaded from its lane, by keyboard as well', async () => {
  await using sides = await startSides()
  const { fixed, broken } = sides
  await using tab = await openTabIn(browser, fixed)
  await shows(tab.page, `${side(broken)} .lanes`, /b\/1/)

  await tab.page.getByRole('button', { name: 'Kill worker a/1' }).click()
  await tab.page.getByRole('button', { name: 'Reload worker b/0' }).focus()
  await tab.page.keyboard.press('Enter')

  await within(3000, 'both orders', () => fixed.strikes.length === 1 && broken.strikes.length === 1)
  assert.deepEqual(fixed.strikes, [{ worker: 'a/1', act: 'kill' }])
  assert.deepEqual(broken.strikes, [{ worker: 'b/0', act: 'reload' }])
})

test('two processes under one name have a lane each, and the marks are in that of the stream’s own', async () => {
  await using sides = await startSides()
  const { fixed } = sides
  const successor = { ...worker('a/0', 'streams'), pid: 99 }
  fixed.workers = { workers: [worker('a/0', 'streams'), successor] }
  fixed.hello = { ...fixed.hello, pid: 99 }
  await using tab = await openTabIn(browser, fixed)

  await openStreams(tab.page, fixed, 1, '1 of 1 open')

  const lane = (pid: number) => `${side(fixed)} [data-process="a/0 ${pid}"] .count`
  await shows(tab.page, lane(99), '1 open, 1 of this tab')
  await shows(tab.page, lane(27), '1 open')
})

test('what is said of a killed worker is in view, names it, and goes when it is gone', async () => {
  await using sides = await startSides()
  const { fixed } = sides
  await using tab = await openTabIn(browser, fixed)

  await tab.page.getByRole('button', { name: 'Kill worker a/1' }).click()

  await shows(tab.page, '#notice', /^You killed worker a\/1, pid 27: /)
  const box = await tab.page.locator('#notice p:not([hidden])').boundingBox()
  assert.ok(box && box.y >= 0 && box.y + box.height <= 720, `in view: ${JSON.stringify(box)}`)
  assert.ok((await tab.page.evaluate(() => scrollY)) > 100, 'the button is further down the page')
  fixed.workers = { workers: [worker('a/0', 'streams'), { ...worker('a/1', 'streams'), pid: 99 }] }
  await shows(tab.page, '#notice', '', 15_000)
})

test('what went wrong with a side is said with what was seen of it, and goes with the next event that it takes', async () => {
  await using sides = await startSides()
  const { fixed, broken } = sides
  const deliver = broken.publish
  broken.publish = () => ({ status: 503, body: { title: 'Bus away', detail: 'Redis did not answer.' } })
  await using tab = await openTabIn(browser, fixed)
  const send = tab.page.locator('#bench-form button[type=submit]')

  await send.click()
  await shows(
    tab.page,
    '#notice',
    `${broken.origin}: Not acknowledged (503: Bus away: Redis did not answer.).`,
  )
  broken.publish = deliver
  await send.click()

  await shows(tab.page, '#notice', '', 10_000)
})

test('outside of a lab no worker can be ended', async () => {
  await using sides = await startSides(false)
  await using tab = await openTabIn(browser, sides.fixed)

  await shows(tab.page, `${side(sides.fixed)} .lanes`, /a\/1/)

  assert.equal(await tab.page.getByRole('button', { name: /^(Kill|Reload) / }).count(), 0)
})

test('a server alone is one side', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTabIn(browser, server)

  await shows(tab.page, `${side(server)} .open-count`, '0 of 0 open')

  assert.equal(await tab.page.locator('.bench-side').count(), 1)
})

test('a steady rate runs until it is stopped, and the charts and their text follow', async () => {
  await using sides = await startSides()
  const { fixed } = sides
  await using tab = await openTabIn(browser, fixed)
  await openStreams(tab.page, fixed, 1, '1 of 1 open')
  await tab.page.locator('#bench-rate').fill('20')

  await tab.page.locator('#bench-steady').press('Enter')
  await shows(tab.page, '#bench-steady', 'Stop')
  await shows(
    tab.page,
    `${side(fixed)} .chart-text`,
    /^Last second: [1-9]\d* published, [1-9]\d* delivered; p50 \d+ ms, p99 \d+ ms\.$/,
  )
  const drawn = await tab.page.locator(`${side(fixed)} .charts canvas`).evaluateAll(all =>
    all.map(canvas => {
      if (!(canvas instanceof HTMLCanvasElement)) return 0
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
      return pixels.some(value => value > 0) ? 1 : 0
    }),
  )
  await tab.page.locator('#bench-steady').press('Enter')

  await shows(tab.page, '#bench-steady', 'Start')
  await shows(tab.page, `${side(fixed)} .chart-text`, 'Last second: 0 published, 0 delivered.')
  assert.deepEqual(drawn, [1, 1])
})

test('the catalogue shows the run that came with the page, each scenario with its lines', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTabIn(browser, server)

  await shows(tab.page, '#scenarios-note', /^A recorded run, \d{4}-\d\d-\d\d, \d+ cores\./)

  const quiet = tab.page.locator('[data-scenario="quiet-stream"]')
  assert.match(
    (await quiet.locator('summary').textContent()) ?? '',
    /A quiet stream is cut at the proxy holds/,
  )
  await quiet.locator('summary').press('Enter')
  assert.ok(await quiet.getByText('proxy_read_timeout 60s;').isVisible())
  assert.ok((await tab.page.locator('#scenarios-list details').count()) >= 20)
})

test('the catalogue shows the last run of the lab where there is one, and its text is text', async () => {
  await using server = await ScriptedServer.start(files)
  server.lab = { lab: true, origins: [], report: true }
  const said = { broken: '<b>10</b> cut', fixed: '0 cut' }
  server.report = {
    ranAt: '2026-01-02T03:04:05.000Z',
    cores: 8,
    scenarios: [
      {
        name: 'x',
        title: '<i>T</i>',
        symptom: 's',
        switch: 'w',
        because: 'b',
        fix: 'f',
        doc: 'd',
        code: [{ file: 'a.ts', line: 7, text: 'x()' }],
        predicted: said,
        measured: said,
        verdict: 'does not hold',
      },
      { name: 'half' },
    ],
  }
  await using tab = await openTabIn(browser, server)

  await shows(tab.page, '#scenarios-note', /^The last run of this lab, 2026-01-02, 8 cores\./)

  await shows(tab.page, '#scenarios-list summary', '<i>T</i> does not hold')
  assert.equal(await tab.page.locator('#scenarios-list details').count(), 1)
  assert.equal(await tab.page.locator('#scenarios-list i, #scenarios-list b').count(), 0)
})

test('on a phone nothing is wider than the screen, with streams open and a scenario unfolded', async () => {
  await using sides = await startSides()
  await using tab = await openTabIn(browser, sides.fixed)
  await tab.page.setViewportSize({ width: 390, height: 844 })
  await openStreams(tab.page, sides.fixed, 1, '1 of 1 open')
  await tab.page.locator('#bench-form button[type=submit]').click()
  await tab.page.locator('#scenarios-list summary').first().click()

  const tooWide = await tab.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)

  assert.equal(tooWide, 0)
})
