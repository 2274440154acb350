import { setTimeout as pause } from 'node:timers/promises'
import { makeCertificate } from '@sse-lab/testkit/certificate.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const tabCount = 7
// Chromium's, and that of the other browsers: the standard asks for no number.
const connectionsMax = 6

export const seventhTab = scenario({
  name: 'seventh-tab',
  title: 'The seventh tab opens no stream, and cannot publish either',
  symptom:
    'With six tabs open the next one loads for ever; EventSource stays CONNECTING, fetch is pending or “Stalled”; in another browser all is well.',
  switch: 'http against https with HTTP/2, the same server of nginx',
  because: `Over HTTP/1.1 a browser opens ${connectionsMax} connections to an address, over all its tabs, and a stream keeps its own. Over HTTP/2 all requests share one.`,
  fix: 'HTTP/2, which browsers speak over TLS alone; or one stream for all tabs, in a SharedWorker.',
  code: [
    { file: 'nginx/http2.conf', text: 'http2 on;' },
    { file: 'nginx/streaming.conf', text: 'include http2.conf;' },
  ],
  sides: { broken: 'http', fixed: 'https' },
  async measure(rig, scheme) {
    const server = await rig.server()
    const nginx = await rig.nginx(
      server.address,
      text => text.replace('# include http2.conf;', 'include http2.conf;'),
      await makeCertificate(),
    )
    // A tab is a page; what counts is the browser's connections to one address, so one page can open them all.
    const page = await rig.page(`${scheme}://${nginx.host}/healthz`)
    await page.evaluate(count => {
      const sources = Array.from({ length: count }, () => new EventSource('/events'))
      Object.assign(globalThis, { sources })
    }, tabCount)
    const state = async () =>
      await page.evaluate(() => {
        const { sources, answered } = Object(globalThis)
        const states: number[] = sources.map(({ readyState }: EventSource) => readyState)
        const [navigation] = Object(performance).getEntriesByType('navigation')
        return {
          open: states.filter(readyState => readyState === 1).length,
          connecting: states.filter(readyState => readyState === 0).length,
          publish: String(answered ?? 'pending'),
          protocol: String(navigation.nextHopProtocol),
        }
      })
    await until('the streams to open', 5000, async () => (await state()).open >= connectionsMax)
    await page.evaluate(() => {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ topic: 'lobby', data: 'from the page' })
      void fetch('/events', { method: 'POST', headers, body }).then(({ status }) =>
        Object.assign(globalThis, { answered: status }),
      )
    })
    await pause(rig.ms(1000, 30_000))
    const full = await state()
    // Two tabs close: one connection for the stream that waits, one for the publish.
    await page.evaluate(() => {
      for (const source of Object(globalThis).sources.slice(0, 2)) source.close()
    })
    const freed = await until('what waited', 3000, async () => {
      const now = await state()
      return now.connecting === 0 && now.publish !== 'pending' && now
    }).catch(state)
    return { ...full, freed }
  },
  judge: {
    broken: ({ open, publish, protocol, freed }) => ({
      predicted: `${connectionsMax} of ${tabCount} open, the publish pending; both go on when two streams are closed`,
      measured: `${open} of ${tabCount} open, the publish ${publish}; then ${freed.open} open, ${freed.publish}`,
      holds:
        open === connectionsMax &&
        publish === 'pending' &&
        protocol === 'http/1.1' &&
        freed.open === tabCount - 2 &&
        freed.publish === '202',
      evidence: `Chromium: ${protocol}`,
    }),
    fixed: ({ open, publish, protocol }) => ({
      predicted: `${tabCount} of ${tabCount} open, the publish 202`,
      measured: `${open} of ${tabCount} open, the publish ${publish}`,
      holds: open === tabCount && publish === '202' && protocol === 'h2',
      evidence: `Chromium: ${protocol}`,
    }),
  },
})
