import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { buildPage } from './page-files.ts'
import { ScriptedServer } from './scripted-server.ts'
import { openTabIn, shows } from './tab.ts'

const browser = await openBrowser()
const files = await buildPage()

after(() => browser.close())

test('the catalogue shows the run that came with the page, each scenario with its lines and its page', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTabIn(browser, server)

  await shows(
    tab.page,
    '#scenarios-note',
    /^A recorded run, \d{4}-\d\d-\d\d, \d+ cores: \d+ of \d+ as predicted\./,
  )

  const quiet = tab.page.locator('[data-scenario="quiet-stream"]')
  await shows(tab.page, '[data-scenario="quiet-stream"] .badge', 'as predicted')
  await quiet.locator('summary').press('Enter')
  assert.ok(await quiet.getByText('proxy_read_timeout 60s;').isVisible())
  assert.equal(
    await quiet.getByRole('link', { name: 'The whole story' }).getAttribute('href'),
    '/docs/scenarios/quiet-stream',
  )
  assert.ok((await tab.page.locator('#scenarios-list details').count()) >= 20)
})

test('words of a symptom find its scenarios', async () => {
  await using server = await ScriptedServer.start(files)
  await using tab = await openTabIn(browser, server)

  await tab.page.locator('#symptom').fill('ERR_INCOMPLETE_CHUNKED')

  await shows(tab.page, '#scenarios-list .title', 'A quiet stream is cut at the proxy')
  await shows(tab.page, '#symptoms-found', /^[1-9]\d* of \d+$/)
  await tab.page.locator('#symptom').fill('no such thing')
  await shows(tab.page, '#symptoms-found', /^0 of \d+$/)
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

  await shows(
    tab.page,
    '#scenarios-note',
    /^The last run of this lab, 2026-01-02, 8 cores: 0 of 1 as predicted\./,
  )

  await shows(tab.page, '#scenarios-list summary', 's <i>T</i> not as predicted')
  assert.equal(await tab.page.locator('#scenarios-list details').count(), 1)
  assert.equal(await tab.page.locator('#scenarios-list i, #scenarios-list b').count(), 0)
})
