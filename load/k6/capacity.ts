import { Gauge } from 'k6/metrics'
import type { Options } from 'k6/options'
import { addUp } from './lib/figures.ts'
import { apiOf } from './lib/api.ts'
import { judge } from './lib/gate.ts'
import { readKnobs } from './lib/knobs.ts'
import { publish } from './lib/publish.ts'
import { freshTopic, withStreams } from './lib/streams.ts'
import { openLedger, optionsFor, rowOf, sideHere } from './lib/scenario.ts'
import { readMetrics, readUsage } from './lib/usage.ts'
import { readSides } from './lib/sides.ts'
import { summary } from './lib/summary.ts'
import { grid } from './lib/grid.ts'
import { verdict, type Row } from './lib/verdict.ts'

/**
 * How many streams, until a limit is met, and what do they cost? STEPS are tried one after another, each with streams of its
 * own and RATE events per second for DURATION. It ends at the first step at which a stream does not open, an event is
 * lost, or the p99 of the latency is above LATENCY_MS_MAX. A limit is a result, and no failure unless the first step meets it.
 */
const knobs = readKnobs(__ENV)
const sides = readSides(__ENV).slice(0, 1)
const maxDurationS = knobs.steps.reduce(
  (sum, step) => sum + knobs.durationS + knobs.completeS + 60 + step / 100,
  0,
)

// What the workers of the server used, by their own metrics; nginx and Redis are not in it.
const streamKib = new Gauge('capacity_stream_kib')
const deliveryUs = new Gauge('capacity_delivery_us')

const base = optionsFor('capacity', sides, maxDurationS)
export const options: Options = {
  ...base,
  thresholds: {
    ...base.thresholds,
    // k6 keeps the figures of each step apart only if a threshold asks for them.
    ...Object.fromEntries(
      knobs.steps.flatMap(step => [
        [`capacity_stream_kib{step:${step}}`, ['value>=0']],
        [`capacity_delivery_us{step:${step}}`, ['value>=0']],
      ]),
    ),
  },
}

export async function capacity(): Promise<void> {
  const side = sideHere(sides)
  // Of a stream's address the server is enough.
  const [url = side.url] = /^https?:\/\/[^/]+/.exec(side.url) ?? []
  const atRest = await readMetrics(url)
  const measures = atRest.includes('sse_connections')
  if (!measures)
    console.log(`${side.name}: no metrics of the lab's are at ${url}/metrics, so nothing is said of costs`)
  for (const [at, step] of knobs.steps.entries()) {
    const ledger = openLedger('capacity', side, step)
    const topic = freshTopic('capacity', side)
    await withStreams({ script: 'capacity', side, topic, ledger, count: step, knobs }, async () => {
      const workers = ledger.report().workers.map(({ worker }) => worker)
      if (!measures) {
        await publish({ ...apiOf(side), topic, ledger, knobs, repeats: false })
        return
      }
      const open = await readUsage(url, workers, ({ connections }) => connections >= ledger.ready)
      await publish({ ...apiOf(side), topic, ledger, knobs, repeats: false })
      const { delivered } = ledger.report()
      const used = await readUsage(url, workers, it => it.delivered - open.delivered >= delivered)
      const tags = { step: `${step}` }
      streamKib.add(Math.max(0, open.rssBytes - addUp(atRest, workers).rssBytes) / 1024 / step, tags)
      deliveryUs.add(((used.cpuS - open.cpuS) * 1e6) / Math.max(1, used.delivered - open.delivered), tags)
    })
    const row = rowOf('capacity', side, step)
    if (at === 0) judge(row)
    const limit = limitOf(row)
    console.log(`${step} streams: ${limit ?? 'held'}`)
    if (limit !== undefined) return
  }
}

type Summary = { metrics: Record<string, { values: Record<string, number> }> }

export function handleSummary({ metrics }: Summary): Record<string, string> {
  const rows = sides
    .flatMap(side => knobs.steps.map(step => rowOf('capacity', side, step)))
    .filter(({ report }) => report.published > 0)
  const figure = (name: string, { streams }: Row) => metrics[`${name}{step:${streams}}`]?.values.value ?? 0
  const costs = rows.map(row => ({
    streams: row.streams,
    streamKib: figure('capacity_stream_kib', row),
    deliveryUs: figure('capacity_delivery_us', row),
    limit: limitOf(row) ?? 'held',
  }))
  const lines = costs.map(it => [
    `${it.streams}`,
    it.limit,
    it.streamKib.toFixed(1),
    it.deliveryUs.toFixed(1),
  ])
  const text = grid([['streams', 'limit', 'KiB per stream', 'µs per delivery'], ...lines])
  return summary('capacity', rows, { text, data: { costs }, judged: rows.slice(0, 1) })
}

function limitOf(row: Row): string | undefined {
  const [wrong] = verdict(row)
  if (wrong !== undefined) return wrong
  return row.report.latencyP99Ms > knobs.latencyMsMax
    ? `p99 ${row.report.latencyP99Ms.toFixed(0)} ms is above ${knobs.latencyMsMax} ms`
    : undefined
}
