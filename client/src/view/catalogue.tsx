import recorded from '@sse-lab/scenarios/results.json' with { type: 'json' }
import { useState } from 'preact/hooks'
import { readReport, type Report, type ScenarioRow } from '../lab/report.ts'

const answerMsMax = 5000

export interface Catalogued {
  readonly report: Report
  /** The last run of this lab, or the one that came with the page. */
  readonly isOwn: boolean
}

/** The last run of this lab if it has made one, else the recorded one. */
export async function readCatalogue(hasRun: boolean): Promise<Catalogued | undefined> {
  const own = hasRun ? await fetchReport() : undefined
  const report = own ?? readReport(recorded)
  return report && { report, isOwn: own !== undefined }
}

async function fetchReport(): Promise<Report | undefined> {
  try {
    const response = await fetch('/api/lab/scenarios', { signal: AbortSignal.timeout(answerMsMax) })
    return response.ok ? readReport(await response.json()) : undefined
  } catch {
    return undefined
  }
}

/** Every problem, found by what one sees. */
export function Catalogue({ report, isOwn }: Catalogued) {
  const [wanted, want] = useState('')
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean)
  const found = report.scenarios.filter(row => words.every(word => searched(row).includes(word)))
  const asPredicted = report.scenarios.filter(({ verdict }) => verdict === 'holds').length
  return (
    <>
      <h2 id="scenarios-title">What do you see?</h2>
      <p>
        {report.scenarios.length} problems of event streams, each measured broken and fixed;{' '}
        <a href="/docs/symptoms">the same by symptom</a>.
      </p>
      <label for="symptom">Words of your symptom, or of the error</label>
      <input
        id="symptom"
        type="search"
        placeholder="502, late, duplicate, 60 seconds…"
        value={wanted}
        onInput={event => want(event.currentTarget.value)}
      />
      <p id="symptoms-found" class="hint" role="status">
        {words.length === 0 ? '' : `${found.length} of ${report.scenarios.length}`}
      </p>
      <div id="scenarios-list">
        {found.map(row => (
          <Item key={row.name} row={row} />
        ))}
      </div>
      <p id="scenarios-note" class="hint">
        {isOwn ? 'The last run of this lab' : 'A recorded run'}, {report.ranAt.slice(0, 10)}, {report.cores}{' '}
        cores: {asPredicted} of {report.scenarios.length} as predicted. Run them: make scenarios.
      </p>
    </>
  )
}

function searched({ symptom, title, name, because, measured }: ScenarioRow): string {
  return [symptom, title, name, because, measured.broken].join(' ').toLowerCase()
}

function Item({ row }: { row: ScenarioRow }) {
  const holds = row.verdict === 'holds'
  const facts = [
    ['Caused by', row.switch],
    ['Why', row.because],
    ['Broken, predicted', row.predicted.broken],
    ['Broken, measured', row.measured.broken],
    ['Evidence', row.measured.evidence ?? ''],
    ['Fixed, predicted', row.predicted.fixed],
    ['Fixed, measured', row.measured.fixed],
    ['Fix', row.fix],
  ]
  return (
    <details data-scenario={row.name}>
      <summary>
        <span class="symptom">{row.symptom}</span> <span class="title">{row.title}</span>{' '}
        <span class="badge" data-tone={holds ? 'good' : 'bad'}>
          {holds ? 'as predicted' : 'not as predicted'}
        </span>
      </summary>
      <dl>
        {facts.map(([name, value]) =>
          value === '' ? null : (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ),
        )}
        <dt>Where</dt>
        <dd>
          <ul>
            {row.code.map(({ file, line, text }) => (
              <li key={file + line}>
                <code>
                  {file}:{line}
                </code>{' '}
                <code>{text}</code>
              </li>
            ))}
          </ul>
          <a href={`/docs/scenarios/${row.name}`}>The whole story</a>
        </dd>
      </dl>
    </details>
  )
}
