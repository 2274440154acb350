import http from 'k6/http'
import { pause } from './until.ts'

/** What the workers that hold the streams have used and done since their start, added up. Figures are up to 5 s old. */
export type Usage = { connections: number; delivered: number; cpuS: number; rssBytes: number }

const metrics: Record<string, keyof Usage> = {
  sse_connections: 'connections',
  sse_events_delivered_total: 'delivered',
  process_cpu_seconds_total: 'cpuS',
  process_resident_memory_bytes: 'rssBytes',
}

/** Adds up the series of the given workers; of all if there are none. */
export function addUp(text: string, workers: readonly string[]): Usage {
  const usage: Usage = { connections: 0, delivered: 0, cpuS: 0, rssBytes: 0 }
  for (const line of text.split('\n')) {
    const [, name, worker, value] = /^(\w+)\{worker="([^"]*)"\} (\S+)$/.exec(line) ?? []
    const field = metrics[name ?? '']
    if (field === undefined || (workers.length > 0 && !workers.includes(worker ?? ''))) continue
    usage[field] += Number(value)
  }
  return usage
}

/** The metrics of all workers, as text. */
export async function readMetrics(url: string): Promise<string> {
  return textOf((await http.asyncRequest('GET', `${url}/metrics`)).body)
}

/** The body of an answer as text; empty if there is none. */
export function textOf(body: unknown): string {
  return typeof body === 'string' ? body : ''
}

/** Reads what the workers used until it fits, at most for 20 s; then as it is. */
export async function scrape(
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
