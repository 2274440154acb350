import type { Page } from 'playwright-core'
import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { startSite } from '../rig/site.ts'
import { scenario } from '../scenario.ts'

const ways = ['form', 'fetch', 'json']

export const openPublish = scenario({
  name: 'open-publish',
  title: 'Any page of your browser publishes to your server',
  symptom:
    'Events arrive that no program of yours has published; the server listens on localhost alone, or behind a VPN, and still somebody outside reaches it.',
  switch: 'naive/open-publish.ts against the lab’s own server, both on loopback and without sign-in',
  because:
    'A browser sends a form, and a fetch with text/plain, to any address that it reaches, and keeps only the answer from the page. Where the server takes JSON whatever its type is said to be, the answer is not needed.',
  fix: 'The server looks at Origin and Sec-Fetch-Site, and takes application/json alone, for which a browser asks before it sends.',
  code: [
    { file: 'server/src/http/guard.ts', text: 'else if (!isOwnOrigin(request.headers, origins))' },
    { file: 'server/src/http/body.ts', text: "if (type !== 'application/json') {" },
  ],
  sides: { broken: 'scenarios/naive/open-publish.ts', fixed: 'server/src/main.ts' },
  async measure(rig, file) {
    const server = await rig.process(file, { BIND: '127.0.0.1', OPEN: '' })
    const site = rig.use(await startSite())
    const reader = await TestStream.openGreeted(`${server.url}/events`)

    // Another host to the browser, and so another site.
    const page = await rig.page(`http://localhost:${site.port}/`)
    const answers = await tryAll(page, `${server.url}/events`)
    await page.goto(`${server.url}/healthz`)
    const own = await publishJson(page, `${server.url}/events`, 'own page')
    await publish(server.url, { topic: 'lobby', data: 'program' })

    // The server has answered all others before it took this one.
    await reader.next(({ data }) => data === 'program', { withinMs: 3000 })
    const received = reader.events.map(({ data }) => data)
    return {
      foreign: ways.filter(way => received.some(data => data.startsWith(way))).length,
      own: own === 202 && received.includes('own page'),
      answers: answers.join(', '),
    }
  },
  judge: {
    broken: ({ foreign, own, answers }) => ({
      predicted: `a foreign page publishes in ${ways.length} of ${ways.length} ways`,
      measured: `in ${foreign} of ${ways.length} ways`,
      holds: foreign === ways.length && own,
      evidence: `answers to a form, a fetch with text/plain, a fetch with JSON: ${answers}`,
    }),
    fixed: ({ foreign, own, answers }) => ({
      predicted: `in 0 of ${ways.length}; the server’s own page and a program publish`,
      measured: `in ${foreign} of ${ways.length} ways; its own page ${own ? 'publishes' : 'cannot publish'}`,
      holds: foreign === 0 && own && answers === '403, 403, none',
      evidence: `answers to a form, a fetch with text/plain, a fetch with JSON: ${answers}`,
    }),
  },
})

/** All that a page can do without asking: a form, a fetch whose answer it may not read; and one for which the browser asks first. */
async function tryAll(page: Page, url: string): Promise<string[]> {
  const answers: number[] = []
  page.on('response', response => {
    if (response.request().method() === 'POST') answers.push(response.status())
  })
  await page.evaluate(action => {
    const { document } = Object(globalThis)
    // As text/plain a form is "name=value": JSON, if the two are cut right.
    document.body.innerHTML = `<iframe name="answer"></iframe>
      <form method="post" enctype="text/plain" target="answer" action="${action}">
      <input name='{"topic":"lobby","data":"form' value='"}'></form>`
    document.forms[0].submit()
  }, url)
  await until('the answer to the form', 3000, () => answers.length === 1)
  await page.evaluate(async address => {
    const body = JSON.stringify({ topic: 'lobby', data: 'fetch' })
    await fetch(address, { method: 'POST', mode: 'no-cors', body })
  }, url)
  await until('the answer to the fetch', 3000, () => answers.length === 2)
  return [...answers, await publishJson(page, url, 'json')].map(status => String(status))
}

/** Publishes from a page, as a page of one's own does. `none`: the browser gives it no answer. */
async function publishJson(page: Page, url: string, data: string): Promise<number | 'none'> {
  return await page.evaluate(
    async ({ address, body }) => {
      const headers = { 'content-type': 'application/json' }
      return await fetch(address, { method: 'POST', headers, body }).then(
        ({ status }) => status,
        () => 'none' as const,
      )
    },
    { address: url, body: JSON.stringify({ topic: 'lobby', data }) },
  )
}
