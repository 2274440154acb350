import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Page } from 'playwright-core'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { buildPage } from './page-files.ts'
import { ScriptedServer } from './scripted-server.ts'
import { startLocalLab, startSides, worker } from './sides.ts'
import { allOpen, counts, openTabIn, shows } from './tab.ts'

const browser = await openBrowser()
const files = await buildPage()

after(() => browser.close())

const send = (page: Page) => page.locator('#send').click()

test('it moves without a click: streams open, an event goes to both sides each second, and the broken one is the first', async () => {
  await using sides = await startSides(files)
  const { fixed, broken } = sides
  broken.publish = event => broken.acknowledge(event.topic, 'b/1')
  await using tab = await openTabIn(browser, fixed, '/')

  await until('three events on both sides', 8000, async () => {
    const due = await tab.page
      .locator('[data-side]')
      .evaluateAll(all => all.map(it => Number(it.dataset['due'])))
    return due.every(count => count >= 15)
  })

  const order = await tab.page.locator('[data-side]').evaluateAll(all => all.map(it => it.dataset['side']))
  assert.deepEqual(order, ['broken', 'fixed'])
  await shows(tab.page, '[data-side=fixed] .score', '100 % delivered')
  await shows(tab.page, '[data-side=broken] .score', '0 % delivered')
  assert.deepEqual(tab.refused, [])
})

test('both sides get what is sent, and the ledger of each says what theory loses and what was lost', async () => {
  await using sides = await startSides(files)
  const { fixed, broken } = sides
  // Every second publish is taken by a worker that holds none of the streams.
  let taken = 0
  broken.publish = event => {
    taken += 1
    return taken % 2 === 0 ? broken.acknowledge(event.topic, 'b/1') : broken.deliver(event)
  }
  await using tab = await openTabIn(browser, fixed)

  await tab.page.locator('#burst').click()

  await counts(tab.page, 'fixed', {
    published: 20,
    due: 100,
    delivered: 100,
    lost: 0,
    duplicate: 0,
    outOfOrder: 0,
  })
  await counts(tab.page, 'broken', { published: 20, due: 100, delivered: 50, behind: 0, lost: 50 })
  await shows(tab.page, '[data-count-of="broken predicted"]', '50')
  await shows(tab.page, '[data-count-of="fixed predicted"]', '0')
})

test('an event that comes twice or out of its order shows on its side alone', async () => {
  await using sides = await startSides(files)
  const { fixed, broken } = sides
  const held: (() => void)[] = []
  broken.publish = ({ topic, data }) => {
    const answer = broken.acknowledge(topic)
    const deliver = () => broken.open.forEach(opened => opened.send(answer.body.id, data))
    // The first waits for the second, which comes twice.
    if (held.length === 0) held.push(deliver)
    else [deliver, deliver, ...held].forEach(act => act())
    return answer
  }
  await using tab = await openTabIn(browser, fixed)

  await send(tab.page)
  // A form takes no other press until both sides have answered.
  for (const side of ['broken', 'fixed'] as const) await counts(tab.page, side, { published: 1 })
  await send(tab.page)

  await counts(tab.page, 'broken', { delivered: 10, duplicate: 5, outOfOrder: 5 })
  await counts(tab.page, 'fixed', { delivered: 10, duplicate: 0, outOfOrder: 0 })
})

test('with a log, what a cut client has not got is behind and never lost while it may still come; without one it is lost', async () => {
  await using sides = await startSides(files)
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
  await send(tab.page)
  await counts(tab.page, 'fixed', { due: 5, delivered: 0, behind: 5, lost: 0 })
  assert.equal(await tab.page.locator('[data-side=fixed] [data-look=behind]').count(), 5)

  for (const server of [fixed, broken]) server.open.forEach(opened => opened.cut())
  await until('every stream again', 5000, () => fixed.openings.length === 10 && fixed.open.length === 5)

  await counts(tab.page, 'broken', { behind: 0, lost: 5 })
  await counts(tab.page, 'fixed', { behind: 5, lost: 0 })
  fixed.open.forEach(opened => opened.send('1-0', sent))
  await counts(tab.page, 'fixed', { delivered: 5, behind: 0, lost: 0 })
})

test('with a log, an event is lost once a heartbeat is past it, and its client looks like that', async () => {
  await using sides = await startSides(files)
  const { fixed } = sides
  fixed.publish = event => fixed.acknowledge(event.topic)
  await using tab = await openTabIn(browser, fixed)
  await send(tab.page)
  await counts(tab.page, 'fixed', { behind: 5 })

  fixed.open[0]?.write('id: 1-0\nevent: heartbeat\ndata:\n\n')

  await counts(tab.page, 'fixed', { behind: 4, lost: 1 })
  assert.equal(await tab.page.locator('[data-side=fixed] [data-look=lost]').count(), 1)
})

test('streams spread over names of this machine, three on each, and publishing goes on', async () => {
  await using server = await startLocalLab(files)
  await using tab = await openTabIn(browser, server)

  await allOpen(tab.page, 24)

  const hosts = server.open.map(({ host }) => host.split(':', 1)[0])
  const spread = Map.groupBy(hosts, host => host)
  assert.deepEqual(
    [...spread].map(([host, all]) => `${host} ${all.length}`).toSorted(),
    Array.from({ length: 8 }, (_, n) => `s${n}.localhost 3`),
  )
  await tab.page.locator('#burst').click()
  await counts(tab.page, 'fixed', { delivered: 480, lost: 0 }, 10_000)
  assert.deepEqual(tab.refused, [])
  assert.equal(await tab.page.locator('.limit').count(), 0)
})

test('where the lab has no such names each side has five streams, the page says so, and publishing goes on', async () => {
  await using sides = await startSides(files)
  await using tab = await openTabIn(browser, sides.fixed)

  await allOpen(tab.page, 5)

  await shows(tab.page, '.limit', /^Only 5 clients on each side: over HTTP\/1\.1 a browser opens six /)
  await tab.page.locator('#burst').click()
  for (const side of ['fixed', 'broken'] as const) await counts(tab.page, side, { delivered: 100 })
})

test('a browser that does not take the names for this machine has five streams', async () => {
  await using server = await startLocalLab(files)
  await using context = await browser.newContext()
  await context.route(/names\.localhost/, route => route.abort())
  const page = await context.newPage()
  await page.goto(`${server.origin}/?rate=0`)

  await allOpen(page, 5)

  assert.ok(server.openings.every(({ host }) => host.startsWith('127.0.0.1:')))
})

test('the tabs of a browser share its connections: the third gets none, says so, and is told when it may', async () => {
  await using server = await startLocalLab(files)
  await using tab = await openTabIn(browser, server)
  const [second, third] = [await tab.context.newPage(), await tab.context.newPage()]
  await second.goto(`${server.origin}/?rate=0`)
  await allOpen(second, 24)

  await third.goto(`${server.origin}/?rate=0`)

  await shows(third, '.limit', /^Other tabs of this browser have the other connections/)
  await counts(third, 'fixed', { open: 0 })
})

test('streams are dots under their worker, and move to another one when they are cut', async () => {
  await using sides = await startSides(files)
  const { fixed } = sides
  await using tab = await openTabIn(browser, fixed)
  const under = (lane: string) =>
    tab.page.locator(`[data-side=fixed] [data-stream][data-under="${lane}"]`).count()
  assert.equal(await under('a/0'), 5)
  fixed.hello = { ...fixed.hello, worker: 'a/1', instance: 1 }

  fixed.open.forEach(opened => opened.cut())

  await until('five under the other worker', 5000, async () => (await under('a/1')) === 5)
  assert.equal(await under('a/0'), 0)
})

test('a worker that is gone keeps its lane until the next one has it', async () => {
  await using sides = await startSides(files)
  const { fixed } = sides
  await using tab = await openTabIn(browser, fixed)
  const lane = tab.page.locator('[data-side=fixed] [data-lane="a/1"]')
  await until('a lane', 5000, async () => (await lane.getAttribute('data-state')) === 'ready')

  fixed.workers = { workers: [worker('a/0', 'streams')] }
  await until('an empty lane', 5000, async () => (await lane.getAttribute('data-state')) === 'gone')
  fixed.workers = { workers: [worker('a/0', 'streams'), { ...worker('a/1', 'streams'), pid: 99 }] }

  await until('its successor', 5000, async () => (await lane.getAttribute('data-state')) === 'ready')
})

test('in a lab a worker is killed or reloaded from its row, by keyboard as well', async () => {
  await using sides = await startSides(files)
  const { fixed, broken } = sides
  await using tab = await openTabIn(browser, fixed)

  await tab.page.getByRole('button', { name: 'Kill worker a/1' }).click()
  await tab.page.getByRole('button', { name: 'Reload worker b/0' }).focus()
  await tab.page.keyboard.press('Enter')

  await until('both orders', 3000, () => fixed.strikes.length === 1 && broken.strikes.length === 1)
  assert.deepEqual(fixed.strikes, [{ worker: 'a/1', act: 'kill' }])
  assert.deepEqual(broken.strikes, [{ worker: 'b/0', act: 'reload' }])
})

test('outside of a lab no worker can be ended, and the experiments that would do it say so', async () => {
  await using sides = await startSides(files, { lab: false })
  await using tab = await openTabIn(browser, sides.fixed)

  await shows(tab.page, '#workers', /Fixed 1/)

  assert.equal(await tab.page.getByRole('button', { name: /^(Kill|Reload) worker/ }).count(), 0)
  assert.equal(await tab.page.locator('[data-experiment=kill]').getAttribute('aria-disabled'), 'true')
  await shows(tab.page, '[data-card=proxy] .hint', /make up/)
})

test('a server alone is one side, without experiments', async () => {
  await using server = await ScriptedServer.start(files)
  server.hello = { ...server.hello, bus: 'memory' }
  await using tab = await openTabIn(browser, server)

  assert.equal(await tab.page.locator('[data-side=single]').count(), 1)
  assert.equal(await tab.page.locator('[data-side]').count(), 1)
  await shows(tab.page, '#experiments', /need both sides/)
})

test('it stops while it cannot be seen, and after ten minutes for good, until a person resumes it', async () => {
  await using server = await startLocalLab(files)
  await using context = await browser.newContext()
  const page = await context.newPage()
  await page.clock.install()
  await page.goto(`${server.origin}/`)
  const published = (): number => server.requests.filter(request => request === 'POST /events').length
  // Not by a clock that runs ahead: the page gives the names of this machine little time to answer.
  await allOpen(page, 24)
  await until('the first event', 10_000, () => published() > 0)

  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })
    document.dispatchEvent(new Event('visibilitychange'))
  })
  const whenHidden = published()
  await page.clock.runFor(5000)
  assert.ok(published() - whenHidden <= 1, 'nothing is published that was not on its way')
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => false })
    document.dispatchEvent(new Event('visibilitychange'))
  })
  const whenSeen = published()
  await until('more events', 5000, async () => {
    await page.clock.runFor(500)
    return published() > whenSeen + 1
  })
  await page.clock.fastForward(10 * 60_000)
  await page.clock.runFor(1000)

  await shows(page, '.paused', /^Stopped after ten minutes/)
  await until('end of every stream', 5000, () => server.open.length === 0)
  await page.locator('#pause').click()
  await until('every stream again', 10_000, async () => {
    await page.clock.runFor(500)
    return server.open.length === 24
  })
})

test('the rate is chosen, and pausing stops the beat', async () => {
  await using sides = await startSides(files)
  await using tab = await openTabIn(browser, sides.fixed, '/?rate=20')
  await until('ten events', 5000, async () => {
    return Number(await tab.page.locator('[data-side=fixed]').getAttribute('data-published')) >= 10
  })

  await tab.page.locator('#pause').press('Enter')
  await shows(tab.page, '#pause', 'Resume')

  assert.equal(await tab.page.locator('#rate').inputValue(), '20')
})
