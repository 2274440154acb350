import { grid } from './grid.ts'
import type { Row } from './verdict.ts'

type Column = { title: string; text: (row: Row) => string }

const columns: Column[] = [
  { title: 'script', text: ({ script }) => script },
  { title: 'side', text: ({ side }) => side.name },
  { title: 'workers', text: ({ report }) => `${report.workers.length}` },
  { title: 'streams', text: ({ report }) => `${report.streams}` },
  { title: 'published', text: ({ report }) => `${report.published}` },
  { title: 'delivered', text: ({ report }) => `${report.delivered}` },
  { title: 'lost', text: ({ report }) => `${report.lost}` },
  {
    title: 'predicted',
    text: ({ side, report }) =>
      percent(side.expects === 'loss' && report.due > 0 ? report.lostPredicted / report.due : 0),
  },
  { title: 'measured', text: ({ report }) => percent(report.lostRate) },
  { title: 'duplicate', text: ({ report }) => `${report.doubled}` },
  { title: 'out of order', text: ({ report }) => `${report.disordered}` },
  { title: 'p50 ms', text: ({ report }) => report.latencyP50Ms.toFixed(1) },
  { title: 'p95 ms', text: ({ report }) => report.latencyP95Ms.toFixed(1) },
  { title: 'p99 ms', text: ({ report }) => report.latencyP99Ms.toFixed(1) },
  { title: 'cut', text: ({ report }) => `${report.cuts}` },
  { title: 'cut after s', text: ({ report }) => (report.cuts === 0 ? '' : span(report)) },
]

/** The rows as a person reads them. docs/load.md says what each column means. */
export function table(rows: readonly Row[]): string {
  return grid([columns.map(({ title }) => title), ...rows.map(row => columns.map(({ text }) => text(row)))])
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}

function span({ cutAfterMinMs, cutAfterMaxMs }: { cutAfterMinMs: number; cutAfterMaxMs: number }): string {
  const [least, most] = [(cutAfterMinMs / 1000).toFixed(1), (cutAfterMaxMs / 1000).toFixed(1)]
  return least === most ? least : `${least} to ${most}`
}
