import { escape, page, prose, tableOf, type Section } from '@sse-lab/load/k6/lib/page.ts'
import type { Report, Row } from './report.ts'

/** The report as one HTML page that needs nothing else. */
export function htmlPage({ ranAt, cores, pins, length, scenarios }: Report): string {
  const holding = scenarios.filter(({ verdict }) => verdict === 'holds').length
  const versions = Object.entries(pins).map(([name, version]) => `${name} ${version}`)
  const verdicts = `${holding} of ${scenarios.length} as predicted`
  return page({
    title: 'SSE Scaling Lab: scenarios',
    lead: `${verdicts}. ${ranAt}, ${cores} cores, ${versions.join(', ')}, ${length} length.`,
    sections: scenarios.map(section),
  })
}

// The page lies in load/reports/ of the repository that it is about.
const root = '../../'

function section(row: Row): Section {
  const sides = (['broken', 'fixed'] as const).map(side => [side, row.predicted[side], row.measured[side]])
  const { evidence } = row.measured
  const places = row.code.map(
    ({ file, line, text }) => `<li>${link(file, `${file}:${line}`)} <code>${escape(text)}</code></li>`,
  )
  const html = `<p>${prose(row.symptom)}</p>
${tableOf('What theory said, and what was seen', [20, 40, 40], [['side', 'predicted', 'measured'], ...sides])}
${evidence === undefined ? '' : `<pre>${escape(evidence)}</pre>`}
<p><b>Switch:</b> ${prose(row.switch)}</p>
<p><b>Why:</b> ${prose(row.because)}</p>
<p><b>Fix:</b> ${prose(row.fix)} More: ${link(row.doc, row.doc)}</p>
<ul>${places.join('')}</ul>`
  return { id: row.name, title: row.title, mark: { text: row.verdict, good: row.verdict === 'holds' }, html }
}

function link(file: string, text: string): string {
  return `<a href="${root}${escape(file)}"><code>${escape(text)}</code></a>`
}
