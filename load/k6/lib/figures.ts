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
