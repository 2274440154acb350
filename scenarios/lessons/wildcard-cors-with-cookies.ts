import type { Page } from 'playwright-core'
import { publish } from '@sse-lab/testkit/publish.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { bearing } from '@sse-lab/server/test/support/issuer.ts'
import { accessEnv, topic } from '../rig/access.ts'
import { stateName } from '../rig/page-source.ts'
import { startSite } from '../rig/site.ts'
import { scenario } from '../scenario.ts'

const eventCount = 5

export const wildcardCorsWithCookies = scenario({
  name: 'wildcard-cors-with-cookies',
  title: 'Another page reads the streams of whoever visits it',
  symptom:
    'Access-Control-Allow-Origin is whatever Origin was asked with, beside Access-Control-Allow-Credentials: true; the console no longer says “blocked by CORS policy”, on any site.',
  switch: 'an origin that is repeated against CORS_ORIGINS; the same cookie, SameSite=Strict',
  because:
    'With credentials a browser refuses *, so servers repeat the origin that asks. That says yes to every page. The visitor’s browser brings the cookie along: for SameSite, all hosts of one domain are the same site.',
  fix: 'A list of origins. Others get the answer without the header, and their browser keeps it from them.',
  code: [
    {
      file: 'server/src/http/stream-headers.ts',
      text: "return origin => known.get(origin ?? '') ?? stranger",
    },
    { file: 'server/src/http/cross-origin.ts', text: 'cors({ origin: [...origins]' },
  ],
  sides: { broken: 'scenarios/naive/wildcard-cors-with-cookies.ts', fixed: 'server/src/main.ts' },
  async measure(rig, file) {
    const issuer = await rig.issuer([topic])
    const { url } = await rig.redis()
    const site = rig.use(await startSite(() => issuer.token('alice')))
    // Hosts of one site, as app.example.com and wiki.example.com are. Chromium keeps all names below localhost on this machine,
    // and takes their connections for secure.
    const pageOf = (host: string) => `http://${host}.lab.localhost:${site.port}`
    const server = await rig.process(file, { ...accessEnv(issuer, url), CORS_ORIGINS: pageOf('app') })
    const publisher = bearing(await issuer.token('publisher'))
    // A cookie is a host's, on all of its ports: the one of the streams.
    const page = await rig.page(`${pageOf('events')}/session`)
    const read = async (host: string) => {
      await page.goto(`${pageOf(host)}/`)
      const address = `http://events.lab.localhost:${server.port}/events?topic=${topic}`
      return await readStream(page, address, async () => {
        for (let n = 0; n < eventCount; n += 1)
          await publish(server.url, { topic, data: 'private' }, publisher)
      })
    }
    return { own: await read('app'), foreign: await read('wiki') }
  },
  judge: {
    broken: ({ own, foreign }) => ({
      predicted: `a foreign page reads ${eventCount} of ${eventCount} private events`,
      measured: `it reads ${foreign.received} of ${eventCount}; the own page ${own.received}`,
      holds: foreign.received === eventCount && own.received === eventCount,
      evidence: `the foreign page’s EventSource: ${stateName(foreign.readyState)}`,
    }),
    fixed: ({ own, foreign }) => ({
      predicted: `it reads 0 of ${eventCount}, and its EventSource is CLOSED; the own page reads ${eventCount}`,
      measured: `it reads ${foreign.received} of ${eventCount}; the own page ${own.received}`,
      holds: foreign.received === 0 && foreign.readyState === 2 && own.received === eventCount,
      evidence: `the foreign page’s EventSource: ${stateName(foreign.readyState)}`,
    }),
  },
})

/** What a page reads of a stream, with its visitor's cookies, while `act` publishes. */
async function readStream(
  page: Page,
  url: string,
  act: () => Promise<void>,
): Promise<{ received: number; readyState: number }> {
  await page.evaluate(address => {
    const source = new EventSource(address, { withCredentials: true })
    const seen = { received: 0, greeted: false }
    source.addEventListener('hello', () => (seen.greeted = true))
    source.addEventListener('message', () => (seen.received += 1))
    Object.assign(globalThis, { source, seen })
  }, url)
  const state = async () =>
    await page.evaluate(() => {
      const { source, seen } = Object(globalThis)
      return {
        received: Number(seen.received),
        greeted: Boolean(seen.greeted),
        readyState: Number(source.readyState),
      }
    })
  await until('hello, or CLOSED', 5000, async () => {
    const { greeted, readyState } = await state()
    return greeted || readyState === 2
  })
  await act()
  return await until('all events, or CLOSED', 3000, async () => {
    const now = await state()
    return (now.received === eventCount || now.readyState === 2) && now
  }).catch(state)
}
