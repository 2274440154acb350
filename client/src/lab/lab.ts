import { fields } from './fields.ts'
import { questionOrigin, type Browser } from './origins.ts'

/** What a server says about itself. Outside of a lab its workers are not for us to end. */
export interface Lab {
  readonly lab: boolean
  readonly origins: readonly string[]
  /** Whether this lab has run its scenarios. */
  readonly report: boolean
  /** '' if it did not say. */
  readonly bus: string
  /** After how long without a byte the broken side's proxy closes a stream. */
  readonly brokenTimeoutMs: number
  /** Whether a whole server can be ended, since somebody starts it again. */
  readonly restarts: boolean
}

const answerMsMax = 5000
const nginxTimeoutMs = 60_000

/** Asks the page's own server, or the one at the origin `at`. */
export async function readLab(at = ''): Promise<Lab> {
  const said = await ask(`${at}/api/lab`)
  const { lab, origins, report, bus, brokenTimeoutMs, restarts } = fields(said)
  return {
    lab: lab === true,
    origins: Array.isArray(origins) ? origins.filter(origin => typeof origin === 'string') : [],
    report: report === true,
    bus: typeof bus === 'string' ? bus : '',
    brokenTimeoutMs: typeof brokenTimeoutMs === 'number' ? brokenTimeoutMs : nginxTimeoutMs,
    restarts: restarts === true,
  }
}

async function ask(url: string): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerMsMax) })
    return response.ok ? await response.json() : undefined
  } catch {
    return undefined
  }
}

/** What this browser does with the lab's addresses, as far as the page must know before it opens streams. */
export async function readBrowser({ origins }: Lab): Promise<Browser> {
  const [navigation] = performance.getEntriesByType('navigation')
  const protocol = navigation instanceof PerformanceNavigationTiming ? navigation.nextHopProtocol : ''
  if (protocol === 'h2' || protocol === 'h3') return { multiplexes: true, knowsNames: false }
  const question = questionOrigin(new URL(location.origin), origins)
  const atName = question === undefined ? undefined : await readLab(question)
  return { multiplexes: false, knowsNames: atName?.origins.includes(location.origin) ?? false }
}

export type Act = 'kill' | 'reload' | 'restart'

/** Ends a worker, or its whole server. Answers with what went wrong, if something did. */
export async function strike(origin: string, worker: string, act: Act): Promise<string | undefined> {
  try {
    const response = await fetch(`${origin}/api/lab/workers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ worker, act }),
      signal: AbortSignal.timeout(answerMsMax),
    })
    if (response.ok) return undefined
    const { detail } = fields(await response.json().catch(() => undefined))
    return typeof detail === 'string' ? detail : `the server answered ${response.status}`
  } catch {
    return 'the server could not be reached'
  }
}
