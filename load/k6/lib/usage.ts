import http from 'k6/http'
import { textOf } from './answers.ts'
import { addUp, type Usage } from './figures.ts'
import { pause } from './until.ts'

/** The metrics of all workers, as text. */
export async function readMetrics(url: string): Promise<string> {
  return textOf((await http.asyncRequest('GET', `${url}/metrics`)).body)
}

/** Reads what the workers used until it fits, at most for 20 s; then as it is. */
export async function readUsage(
  url: string,
  workers: readonly string[],
  fits: (usage: Usage) => boolean,
): Promise<Usage> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const usage = addUp(await readMetrics(url), workers)
    if (fits(usage) || Date.now() > deadline) return usage
    await pause(500)
  }
}
