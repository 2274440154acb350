import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { buildPage } from './page-files.ts'
import { ScriptedServer } from './scripted-server.ts'
import { shows } from './tab.ts'

// That a token opens the page's streams is tried on the production shape: server/test/attacks/page.test.ts.
const browser = await openBrowser()
const files = await buildPage()

after(() => browser.close())

const refusals = [
  { status: 401, title: 'This server asks who you are' },
  { status: 403, title: 'Your token does not cover this page' },
] as const

for (const { status, title } of refusals) {
  test(`where a stream would be answered ${status}, the page asks for a token before it opens one`, async () => {
    await using server = await ScriptedServer.start(files)
    server.refuses = status
    const page = await browser.newPage()

    await page.goto(`${server.origin}/?topic=room/1`)

    await shows(page, '#sign-in h2', title)
    await shows(page, '#sign-in code', "make token SUB=me SUBSCRIBE='room/1,page/*' PUBLISH='room/1,page/*'")
    await page.getByLabel('Token', { exact: true }).fill('two words')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await shows(page, '#token-note', /^A token is one word/)
    assert.deepEqual(
      server.requests.filter(line => line.endsWith('/events')),
      ['HEAD /events'],
    )
    await page.close()
  })
}

test('when the token of open streams expires, the page asks for another, until they are open again', async () => {
  await using server = await ScriptedServer.start(files)
  const page = await browser.newPage()
  await page.goto(`${server.origin}/?rate=0`)
  await until('a stream', 5000, () => server.open.length > 0)
  server.refuses = 401

  for (const opened of server.open) opened.write('event: token-expired\ndata:\n\n')
  await shows(page, '#sign-in h2', 'Your token has expired')
  for (const opened of server.open) opened.cut()
  server.refuses = undefined

  await until('the form to go', 10_000, async () => (await page.locator('#sign-in').count()) === 0)
  await page.close()
})
