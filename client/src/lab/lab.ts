import { fields } from './fields.ts'
import { questionOrigin, type Browser } from './origins.ts'

/** What the server says about itself. Outside of a lab it says nothing, and its workers are not for us to end. */
export interface Lab {
  readonly lab: boolean
  readonly origins: readonly string[]
  /** Whether this lab has run its scenarios. */
  readonly report: boolean
}

const answerMsMax = 5000

/** Asks the page's own server, or the one at the origin `at`. */
export async function readLab(at = ''): Promise<Lab> {
  try {
    const response = await fetch(`${at}/api/lab`, { signal: AbortSignal.timeout(answerMsMax) })
    const { lab, origins, report } = fields(response.ok ? await response.json() : undefined)
    const known = Array.isArray(origins) ? origins.filter(origin => typeof origin === 'string') : []
    return { lab: lab === true, origins: known, report: report === true }
  } catch {
    return { lab: false, origins: [], report: false }
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

/** Ends a worker. Answers with what went wrong, if something did. */
export async function strike(
  origin: string,
  worker: string,
  act: 'kill' | 'reload',
): Promise<string | undefined> {
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
