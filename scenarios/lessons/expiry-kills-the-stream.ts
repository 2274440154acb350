import { setTimeout as pause } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { makeCertificate } from '@sse-lab/testkit/certificate.ts'
import { publish } from '@sse-lab/testkit/publish.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { bearing } from '@sse-lab/server/test/support/issuer.ts'
import { accessEnv, topic } from '../rig/access.ts'
import { startSite } from '../rig/site.ts'
import { scenario } from '../scenario.ts'

// An identity provider that everybody asks in the same second takes longer than a browser waits before it comes back.
const renewalMs = 2000

export const expiryKillsTheStream = scenario({
  name: 'expiry-kills-the-stream',
  title: '401 when the token expires ends every stream for good',
  symptom:
    '“GET /events 401 (Unauthorized)” once, an hour after signing in, and no event after it: readyState is 2, all tabs at once, although the session was renewed a second later.',
  switch:
    'naive/expiry-kills-the-stream.ts against the lab’s server with AUTH=jwt, in Chromium with a cookie',
  because:
    'The stream ends with its token, and the browser comes back by itself before the page has renewed the cookie. By the standard any answer other than 200 ends an EventSource: a new cookie brings none of them back.',
  fix: 'event: token-expired before the end, so that the page renews; and 200 with retry: for a token that has just expired. 401 is only for those whom coming back cannot help.',
  code: [
    { file: 'server/src/http/stream-bounds.ts', text: 'frame: tokenExpiredFrame(null) }' },
    { file: 'server/src/http/stream.ts', text: 'laterText(expiredRetryMs) + tokenExpiredFrame(own)' },
    { file: 'server/src/access/token.ts', text: 'if (agoMs <= graceMs) return expired' },
  ],
  sides: { broken: 'scenarios/naive/expiry-kills-the-stream.ts', fixed: 'server/src/main.ts' },
  async measure(rig, file) {
    const [lifeMs, count] = [rig.ms(3000, 20_000), rig.count(12, 100)]
    const issuer = await rig.issuer([topic])
    const { url } = await rig.redis()
    const soon = { RETRY_MS_MIN: '500', RETRY_MS_MAX: '500', SUBJECT_STREAMS_MAX: '1000' }
    const server = await rig.process(file, { ...accessEnv(issuer, url), ...soon })
    let endsAt: number | undefined
    // The first session ends soon; the next one is awaited, and lasts.
    const token = async () => {
      if (endsAt !== undefined) {
        await pause(renewalMs)
        return await issuer.token('alice')
      }
      endsAt = Date.now() + lifeMs
      return await issuer.token('alice', { endsAt })
    }
    const site = rig.use(await startSite(token))
    const nginx = await rig.nginx(
      server.address,
      text => site.inNginx(text).replace('# include http2.conf;', 'include http2.conf;'),
      await makeCertificate(),
    )
    const publisher = bearing(await issuer.token('publisher'))
    const page = await rig.page(`https://${nginx.host}/session`)
    const state = await openAll(page, count)
    await until('all to have opened', lifeMs + 3000, async () => (await state()).opened === count)
    await until('the first end', lifeMs + 3000, async () => (await state()).errors > 0)
    await publish(server.url, { topic, data: 'while they are away' }, publisher)
    // Either for good, or past the expiry with a session that lasts.
    const settled = await until('the end of it', 20_000, async () => {
      const now = await state()
      return now.renewed && Date.now() > (endsAt ?? 0) && now.open + now.closed === count && now
    })
    await publish(server.url, { topic, data: 'when all is well again' }, publisher)
    const { received } = await until('two events for each', 3000, async () => {
      const now = await state()
      return now.received >= 2 * (count - settled.closed) && now
    }).catch(state)
    return { count, ...settled, received }
  },
  judge: {
    broken: ({ count, opened, closed, received, expired }) => ({
      predicted: `${count} of ${count} CLOSED for good, although the page has renewed the cookie`,
      measured: `${closed} of ${count} CLOSED; ${received} of ${2 * count} events reached the page`,
      holds: opened === count && closed === count && received === 0 && expired === 0,
      evidence: `EventSource.readyState 2 in Chromium, ${closed} times`,
    }),
    fixed: ({ count, opened, closed, received, expired }) => ({
      predicted: `0 CLOSED; ${2 * count} of ${2 * count} events, also those of the time away`,
      measured: `${closed} of ${count} CLOSED; ${received} of ${2 * count} events reached the page`,
      holds: opened === count && closed === 0 && received === 2 * count && expired >= count,
      evidence: `token-expired was told ${expired} times`,
    }),
  },
})

/** Opens so many EventSource in the page, which renews its session at the first sign of trouble. Gives what reads their state. */
async function openAll(page: Page, count: number) {
  await page.evaluate(
    words => {
      const seen = { received: 0, errors: 0, expired: 0, renewed: false }
      let renewal: Promise<unknown> | undefined
      const renew = () => {
        renewal ??= fetch('/session').then(() => (seen.renewed = true))
      }
      // An answer that only says "later" opens an EventSource, too; hello is what a stream says.
      const held = new Set<EventSource>()
      const opened = new Set<EventSource>()
      const sources = Array.from({ length: words.count }, () => {
        const source = new EventSource(words.url)
        source.addEventListener('hello', () => {
          opened.add(source)
          held.add(source)
        })
        source.addEventListener('message', () => (seen.received += 1))
        source.addEventListener('token-expired', () => {
          seen.expired += 1
          renew()
        })
        source.addEventListener('error', () => {
          held.delete(source)
          seen.errors += 1
          renew()
        })
        return source
      })
      Object.assign(globalThis, { sources, opened, held, seen })
    },
    { count, url: `/events?topic=${topic}` },
  )
  return async () =>
    await page.evaluate(() => {
      const { sources, opened, held, seen } = Object(globalThis)
      return {
        opened: Number(opened.size),
        open: Number(held.size),
        closed: Number(sources.filter(({ readyState }: EventSource) => readyState === 2).length),
        received: Number(seen.received),
        errors: Number(seen.errors),
        expired: Number(seen.expired),
        renewed: Boolean(seen.renewed),
      }
    })
}
