import { htmlReport } from './html.ts'
import { table } from './table.ts'
import { verdict, type Row } from './verdict.ts'

/** What a script returns from handleSummary: the table and the verdict on the screen, and a report as JSON and as a page. */
export function summary(
  name: string,
  rows: readonly Row[],
  more: { text?: string; data?: object; judged?: readonly Row[] } = {},
): Record<string, string> {
  const wrong = (more.judged ?? rows).flatMap(verdict)
  const text = [table(rows), more.text, wrong.length === 0 ? 'All checks passed.' : wrong.join('\n')]
  const report = { name, at: new Date().toISOString(), rows, ...more.data, wrong }
  const file = `${__ENV.REPORTS || 'reports'}/${name}`
  return {
    stdout: `\n${text.filter(Boolean).join('\n\n')}\n\n`,
    [`${file}.json`]: `${JSON.stringify(report, null, 2)}\n`,
    [`${file}.html`]: htmlReport({ name, at: report.at, rows, wrong, text: more.text }),
  }
}
