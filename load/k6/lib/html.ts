import { bar, escape, page, tableOf, type Section } from './page.ts'
import type { Row } from './verdict.ts'

/** The report of a run as a page: the verdict, and for each script and side what was delivered, how late, and what was cut. */
export function htmlReport(parts: {
  name: string
  at: string
  rows: readonly Row[]
  wrong: readonly string[]
  /** What the script printed beside the table. */
  text?: string | undefined
}): string {
  const { name, at, rows, wrong, text } = parts
  const sections = [
    verdictOf(wrong),
    delivery(rows),
    latency(rows),
    cuts(rows),
    workers(rows),
    examples(rows),
    more(text),
  ].filter(section => section !== undefined)
  const sides = [...new Set(rows.map(({ side }) => `${side.name} (${side.url})`))]
  return page({ title: `SSE Scaling Lab: ${name}`, lead: `${at}, ${sides.join(' and ')}`, sections })
}

function verdictOf(wrong: readonly string[]): Section {
  const good = wrong.length === 0
  const cells = wrong.map(sentence => [sentence])
  return {
    id: 'verdict',
    title: 'Verdict',
    mark: { text: good ? 'all as it must be' : `${wrong.length} wrong`, good },
    html: good ? '' : tableOf('What is not as it must be', [100], [['sentence'], ...cells]),
  }
}

function delivery(rows: readonly Row[]): Section {
  const lines = rows.map(({ script, side, report }) => [
    `${script}, ${side.name}`,
    `${count(report.delivered)} of ${count(report.due)}`,
    count(report.lost),
    side.expects === 'loss' ? count(report.lostPredicted) : '0',
    `${count(report.doubled)} / ${count(report.disordered)}`,
    bar([
      { share: share(report.delivered, report.due), shade: 'good' },
      { share: share(report.lost, report.due), shade: 'bad' },
    ]),
  ])
  const head = [
    'script, side',
    'delivered',
    'lost',
    'predicted',
    'twice / out of order',
    'delivered and lost',
  ]
  const html = tableOf(
    'Deliveries: pairs of a stream and an acknowledged event',
    [15, 20, 10, 10, 12, 33],
    [head, ...lines],
  )
  return { id: 'delivered', title: 'Delivered and lost', html }
}

function latency(rows: readonly Row[]): Section {
  const longest = Math.max(...rows.map(({ report }) => report.latencyP99Ms))
  const lines = rows.map(({ script, side, report }) => [
    `${script}, ${side.name}`,
    ...[report.latencyP50Ms, report.latencyP95Ms, report.latencyP99Ms, report.latencyMaxMs].map(ms),
    tail(report, longest),
  ])
  const head = ['script, side', 'p50 ms', 'p95 ms', 'p99 ms', 'longest ms', 'p50, p95 and p99']
  const html = tableOf(
    'From before the POST to the socket of the client',
    [15, 10, 10, 10, 12, 43],
    [head, ...lines],
  )
  return { id: 'latency', title: 'Latency', html }
}

type Quantiles = { latencyP50Ms: number; latencyP95Ms: number; latencyP99Ms: number }

/** Three stretches, from nothing to p50, on to p95, and on to p99. */
function tail({ latencyP50Ms, latencyP95Ms, latencyP99Ms }: Quantiles, longest: number): { html: string } {
  return bar([
    { share: share(latencyP50Ms, longest), shade: 'dark' },
    { share: share(latencyP95Ms - latencyP50Ms, longest), shade: 'middle' },
    { share: share(latencyP99Ms - latencyP95Ms, longest), shade: 'pale' },
  ])
}

function cuts(rows: readonly Row[]): Section {
  const lines = rows.map(({ script, side, streams, report }) => [
    `${script}, ${side.name}`,
    `${count(report.streams)} of ${count(streams)}`,
    count(report.cuts),
    report.cuts === 0 ? '' : `${seconds(report.cutAfterMinMs)} to ${seconds(report.cutAfterMaxMs)}`,
    count(report.gaps),
    bar([{ share: share(report.cuts, streams), shade: 'bad' }]),
  ])
  const head = ['script, side', 'streams in time', 'cut', 'cut after s', 'gaps', 'cut']
  const html = tableOf(
    'Streams that ended although nobody closed them',
    [15, 20, 10, 15, 10, 30],
    [head, ...lines],
  )
  return { id: 'cut', title: 'Cut', html }
}

function workers(rows: readonly Row[]): Section {
  const longest = Math.max(...rows.flatMap(({ report }) => report.workers.map(it => it.latencyP99Ms)))
  const head = [
    'worker',
    'streams',
    'published',
    'lost',
    'cut',
    'p50 ms',
    'p99 ms',
    'delivered and lost',
    'latency',
  ]
  const tables = rows.map(({ script, side, report }) => {
    const lines = report.workers.map(it => {
      const lost = share(it.lost, it.streams * report.published)
      return [
        it.worker || 'nobody',
        ...[it.streams, it.published, it.lost, it.cuts].map(count),
        ...[it.latencyP50Ms, it.latencyP99Ms].map(ms),
        bar(
          it.streams === 0
            ? []
            : [
                { share: 1 - lost, shade: 'good' },
                { share: lost, shade: 'bad' },
              ],
        ),
        tail(it, longest),
      ]
    })
    return tableOf(`${script}, ${side.name}`, [21, 8, 10, 9, 7, 8, 8, 15, 14], [head, ...lines])
  })
  return { id: 'workers', title: 'By worker', html: tables.join('\n') }
}

function examples(rows: readonly Row[]): Section | undefined {
  const lines = rows.flatMap(({ script, side, report }) =>
    report.examples.map(it => [
      `${script}, ${side.name}`,
      `${it.sequence} of ${it.publisher}`,
      it.worker,
      `${it.stream}`,
      it.holder || 'nobody',
    ]),
  )
  if (lines.length === 0) return undefined
  const head = ['script, side', 'event', 'published through', 'stream', 'held by']
  const html = tableOf('Up to ten for each side', [15, 15, 30, 10, 30], [head, ...lines])
  return { id: 'examples', title: 'Lost deliveries by name', html }
}

function more(text: string | undefined): Section | undefined {
  if (text === undefined || text === '') return undefined
  return { id: 'more', title: 'More of this run', html: `<pre>${escape(text)}</pre>` }
}

// A ledger without a delivery has no share.
function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0
}

function count(number: number): string {
  return `${number}`.replace(/\B(?=(\d{3})+$)/g, ',')
}

function ms(number: number): string {
  return number.toFixed(1)
}

function seconds(number: number): string {
  return (number / 1000).toFixed(1)
}
