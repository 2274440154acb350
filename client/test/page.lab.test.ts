import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { fixed, stackReady, broken } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { openBrowser } from '@sse-lab/testkit/browser.ts'

let browser: Browser
before(async () => {
  await stackReady()
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
})

/** A tab with its stream open. Tabs share a browser context, as a person's do, and so the six connections per address. */
class Tab {
  readonly page: Page

  private constructor(page: Page) {
    this.page = page
  }

  static async open(context: { newPage(): Promise<Page> }, address: string): Promise<Tab> {
    const tab = new Tab(await context.newPage())
    await tab.page.goto(address)
    await tab.#opened()
    return tab
  }

  async reload(): Promise<void> {
    await this.page.reload()
    await this.#opened()
  }

  async text(selector: string): Promise<string> {
    return (await this.page.textContent(selector)) ?? ''
  }

  /** Which worker holds this tab's stream, as the page shows it: host and instance. */
  async worker(): Promise<string> {
    return `${await this.text('#worker-host')}/${await this.text('#worker-instance')}`
  }

  async send(text: string): Promise<void> {
    const acknowledged = Number(await this.text('#acknowledged'))
    await this.page.fill('#text', text)
    await this.page.click('#send')
    await until(
      'the acknowledgement',
      5000,
      async () => Number(await this.text('#acknowledged')) > acknowledged,
    )
  }

  async texts(): Promise<string[]> {
    return await this.page.locator('#events tr td:first-child').allTextContents()
  }

  async #opened(): Promise<void> {
    await until('an open stream', 10_000, async () => (await this.text('#stream-state')) === 'open')
  }
}

/** Two tabs whose streams different workers hold: the second is reloaded until it is so. */
async function tabsOnTwoWorkers(context: { newPage(): Promise<Page> }, address: string): Promise<[Tab, Tab]> {
  const [first, second] = [await Tab.open(context, address), await Tab.open(context, address)]
  await until('another worker for the second tab', 30_000, async () => {
    if ((await first.worker()) !== (await second.worker())) return true
    await second.reload()
    return false
  })
  return [first, second]
}

test('Send Event in one tab shows up in another, although different workers hold their streams', async () => {
  await using context = await browser.newContext()
  const [first, second] = await tabsOnTwoWorkers(context, `${fixed}/?topic=${randomUUID()}`)

  await first.send('from the first tab')
  await second.send('from the second tab')

  for (const tab of [first, second]) {
    await until('both events', 5000, async () => (await tab.texts()).length === 2)
    assert.deepEqual(await tab.texts(), ['from the second tab', 'from the first tab'])
    await until('its own to be received', 5000, async () => (await tab.text('#received')) === '1')
    assert.deepEqual([await tab.text('#acknowledged'), await tab.text('#lost')], ['1', '0'])
  }
  const publishers = await second.page
    .locator('#events tr')
    .evaluateAll(rows => rows.map(row => row.dataset['worker']))
  assert.ok(publishers.every(Boolean), 'each row names the worker that took the publish')
})

test('on the broken side only the tabs of the publishing worker get it, and the page shows the loss', async () => {
  await using context = await browser.newContext()
  const tabs = await tabsOnTwoWorkers(context, `${broken}/?topic=${randomUUID()}`)
  const [first] = tabs
  const held = await Promise.all(tabs.map(tab => tab.worker()))

  // Until each worker took at least one publish of the first tab: then one of them was lost to each tab.
  let sent = 0
  const lost = async () => Number(await first.text('#lost'))
  await until('a loss and a delivery', 30_000, async () => {
    await first.send(`event ${sent}`)
    sent += 1
    return (await first.texts()).length > 0 && (await lost()) > 0
  })
  await until(
    'each event to be received or lost',
    10_000,
    async () => (await first.text('#on-the-way')) === '0',
  )

  const [seenByFirst, seenBySecond] = await Promise.all(tabs.map(tab => tab.texts()))
  const all = Array.from({ length: sent }, (_, index) => `event ${index}`)
  assert.notEqual(held[0], held[1])
  // Two workers: what one does not get, the other does.
  assert.deepEqual([...(seenByFirst ?? []), ...(seenBySecond ?? [])].toSorted(), all.toSorted())
  assert.equal(await lost(), seenBySecond?.length)
  assert.equal(Number(await first.text('#received')), seenByFirst?.length)
})

test('a hard reload comes to another worker, and the page lists all live workers of both sides', async () => {
  await using context = await browser.newContext()
  const tab = await Tab.open(context, `${fixed}/?topic=${randomUUID()}`)
  const held = await tab.worker()

  await until('another worker', 30_000, async () => {
    await tab.reload()
    return (await tab.worker()) !== held
  })

  await until('six workers', 10_000, async () => (await tab.page.locator('#workers tr').count()) === 6)
})

test('both sides next to each other get the same burst: one loses what theory says, the other nothing', async () => {
  await using context = await browser.newContext()
  const tab = await Tab.open(context, `${fixed}/?topic=${randomUUID()}`)
  const count = async (address: string, key: string) =>
    Number(await tab.text(`${side(address)} [data-count-of="${key}"]`))
  // The page itself holds one of the six connections that the browser opens to its own side.
  for (const address of [fixed, broken]) {
    for (let opened = 0; opened < 4; opened += 1) await tab.page.click(`${side(address)} [data-open="1"]`)
    await until('four streams', 10_000, async () => {
      return (await tab.text(`${side(address)} .open-count`)) === '4 of 4 open'
    })
  }

  await tab.page.click('#bench-burst')

  await until('every delivery of the fixed side', 10_000, async () => (await count(fixed, 'received')) === 80)
  await until('the losses to be told', 10_000, async () => {
    const [due, received, lost] = [
      await count(broken, 'due'),
      await count(broken, 'received'),
      await count(broken, 'lost'),
    ]
    return due === 80 && received + lost === due
  })
  assert.equal(await count(broken, 'lost'), await count(broken, 'predicted'))
  assert.deepEqual(
    [await count(fixed, 'lost'), await count(fixed, 'doubled'), await count(fixed, 'disordered')],
    [0, 0, 0],
  )
})

test('a worker that is killed from its lane is replaced, and its streams come back', async () => {
  await using context = await browser.newContext()
  const tab = await Tab.open(context, `${fixed}/?topic=${randomUUID()}`)
  const lane = '.bench-side:first-child .lanes li'
  await tab.page.click('.bench-side:first-child [data-open="1"]')
  const held = await until('the lane of the stream', 10_000, async () => {
    const lanes = await tab.page
      .locator(lane)
      .evaluateAll(all => all.map(it => ({ worker: it.dataset['worker'] ?? '', text: it.textContent })))
    return lanes.find(({ text }) => text.includes('of this tab'))
  })
  const old = pidOf(held.text)

  await tab.page.click(`${lane}[data-worker="${held.worker}"] button:has-text("Kill")`)

  await until('the stream to be back', 20_000, async () => {
    return /1 came back/.test(await tab.text('.bench-side:first-child .returns'))
  })
  await until('another process under its name', 20_000, async () => {
    const now = pidOf(await tab.page.textContent(`${lane}[data-worker="${held.worker}"]`).catch(() => null))
    return now !== undefined && now !== old
  })
  await stackReady()
})

function side(address: string): string {
  return `.bench-side[aria-label="Side ${address}"]`
}

function pidOf(lane: string | null): string | undefined {
  return /pid (\d+)/.exec(lane ?? '')?.[1]
}
