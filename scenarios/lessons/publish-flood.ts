import { setTimeout as pause } from 'node:timers/promises'
import { post } from '@sse-lab/testkit/publish.ts'
import { callElsewhere } from '@sse-lab/testkit/call-elsewhere.ts'
import { scenario } from '../scenario.ts'

const connections = 64
const bodyBytes = 60_000
// SUBJECT_PUBLISHES_PER_SECOND_MAX: so many at once, and so many more with each second.
const perSecond = 50
// Well within the rate of one publisher.
const everyMs = 50

export const publishFlood = scenario({
  name: 'publish-flood',
  title: 'One publisher makes all others wait',
  symptom:
    'A publish takes seconds instead of milliseconds, or is answered 503, and events arrive as late. One publisher sends all it can.',
  switch:
    'nginx.conf, and no SUBJECT_PUBLISHES_PER_SECOND_MAX to speak of, against production/nginx.conf and SUBJECT_PUBLISHES_PER_SECOND_MAX=50',
  because: `Publishes go through one queue after another: nginx, the worker, Redis. Whoever always has ${connections} large ones under way is ${connections} places ahead of everyone who has one.`,
  fix: 'A rate for each address in nginx, which refuses before the body is read, and one for each subject in the server. What is beyond it is answered 429 at once, and never made to wait.',
  code: [
    { file: 'nginx/production/server.conf', text: 'limit_req zone=publishes burst=100 nodelay;' },
    { file: 'server/src/http/publisher.ts', text: 'quotas.publishes.take(grant.subject)' },
  ],
  sides: {
    broken: { guarded: false, perSecondMax: 1_000_000 },
    fixed: { guarded: true, perSecondMax: perSecond },
  },
  async measure(rig, { guarded, perSecondMax }) {
    const issuer = await rig.issuer()
    const [mallory, alice] = await Promise.all([issuer.headers('mallory'), issuer.headers('alice')])
    const server = await rig.server({
      ...issuer.environment(),
      REDIS_URL: (await rig.redis()).url,
      SUBJECT_PUBLISHES_PER_SECOND_MAX: String(perSecondMax),
    })
    const { url } = await (guarded ? rig.guardedNginx(server.address) : rig.nginx(server.address))
    const quiet = new Publishes(url, alice)
    while (quiet.count < 40) await quiet.next()

    const seconds = rig.count(3, 20)
    const begun = performance.now()
    const body = JSON.stringify({ topic: 'flood', data: 'x'.repeat(bodyBytes) })
    // More than there is time for.
    const flood = { count: 1_000_000, seconds, atOnce: connections, headers: mallory, body }
    const over = new AbortController()
    const flooding = callElsewhere(`${url}/events`, flood).finally(() => over.abort())
    const busy = new Publishes(url, alice)
    while (!over.signal.aborted) await busy.next()
    const statuses = await flooding
    return { seconds: (performance.now() - begun) / 1000, statuses, quiet, busy }
  },
  judge: {
    broken: ({ statuses, quiet, busy }) => ({
      predicted: 'none of the flood’s publishes is refused, and all others wait for them',
      measured: `${refusedOf(statuses)} of ${statuses.length} refused; ${busy.told(quiet)}`,
      holds: refusedOf(statuses) === 0 && statuses.length > connections,
      evidence: `answers to the flood: ${counted(statuses)}`,
    }),
    fixed: ({ seconds, statuses, quiet, busy }) => ({
      predicted: `of the flood’s publishes all are refused but ${perSecond} and ${perSecond} a second; every other one is accepted`,
      measured: `${refusedOf(statuses)} of ${statuses.length} refused; ${busy.told(quiet)}`,
      holds:
        refusedOf(statuses) > 0 &&
        statuses.length - refusedOf(statuses) <= perSecond * (1 + Math.ceil(seconds)) &&
        statuses.every(status => status === '202' || status === '429') &&
        busy.accepted === busy.count,
      evidence: `answers to the flood in ${seconds.toFixed(1)} s: ${counted(statuses)}`,
    }),
  },
})

/** Small publishes, one after the other at a steady pace, and how long each took. */
class Publishes {
  accepted = 0
  readonly #ms: number[] = []
  readonly #url: string
  readonly #headers: Record<string, string>

  constructor(url: string, headers: Record<string, string>) {
    this.#url = url
    this.#headers = headers
  }

  get count(): number {
    return this.#ms.length
  }

  async next(): Promise<void> {
    const begun = performance.now()
    const { status } = await post(this.#url, { topic: 'others', data: 'small' }, this.#headers)
    const ms = performance.now() - begun
    this.#ms.push(ms)
    if (status === 202) this.accepted += 1
    await pause(Math.max(0, everyMs - ms))
  }

  told(quiet: Publishes): string {
    const change = (share: number) => `${quiet.#ofAll(share)} → ${this.#ofAll(share)} ms`
    return `${this.accepted} of ${this.count} others accepted, p50 ${change(0.5)}, p99 ${change(0.99)}`
  }

  #ofAll(share: number): string {
    const sorted = this.#ms.toSorted((a, b) => a - b)
    return (sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(1)
  }
}

function refusedOf(statuses: readonly string[]): number {
  return statuses.filter(status => status === '429').length
}

function counted(statuses: readonly string[]): string {
  const each = Map.groupBy(statuses, status => status)
  return [...each].map(([status, all]) => `${all.length} × ${status}`).join(', ')
}
