import recorded from '@sse-lab/scenarios/results.json' with { type: 'json' }
import { element, write } from './element.ts'
import { readReport, type Report, type ScenarioRow } from './lab/report.ts'

const answerMsMax = 5000

/** Every problem, broken and fixed: the last run of this lab if it has made one, else the one that came with the page. */
export async function showScenarios(hasRun: boolean): Promise<void> {
  const own = hasRun ? await fetchReport() : undefined
  const report = own ?? readReport(recorded)
  if (report === undefined) return
  const day = report.ranAt.slice(0, 10)
  write(
    element('scenarios-note', HTMLElement),
    `${own === undefined ? 'A recorded run' : 'The last run of this lab'}, ${day}, ${report.cores} cores. Run them: make scenarios.`,
  )
  element('scenarios-list', HTMLElement).replaceChildren(...report.scenarios.map(makeItem))
}

async function fetchReport(): Promise<Report | undefined> {
  try {
    const response = await fetch('/api/lab/scenarios', { signal: AbortSignal.timeout(answerMsMax) })
    return response.ok ? readReport(await response.json()) : undefined
  } catch {
    return undefined
  }
}

function makeItem(row: ScenarioRow): HTMLElement {
  const item = document.createElement('details')
  item.dataset['scenario'] = row.name
  const summary = document.createElement('summary')
  const verdict = text('span', row.verdict)
  verdict.className = 'badge'
  verdict.dataset['tone'] = row.verdict === 'holds' ? 'good' : 'bad'
  summary.append(text('span', row.title), ' ', verdict)
  const facts = document.createElement('dl')
  for (const [name, value] of [
    ['You see', row.symptom],
    ['Why', row.because],
    ['Switch', row.switch],
    ['Predicted, broken', row.predicted.broken],
    ['Measured, broken', row.measured.broken],
    ['Because of', row.measured.evidence ?? ''],
    ['Predicted, fixed', row.predicted.fixed],
    ['Measured, fixed', row.measured.fixed],
    ['Fix', row.fix],
  ] as const) {
    if (value !== '') facts.append(text('dt', name), text('dd', value))
  }
  const places = document.createElement('ul')
  for (const { file, line, text: code } of row.code) {
    const place = document.createElement('li')
    place.append(text('code', `${file}:${line}`), ' ', text('code', code))
    places.append(place)
  }
  facts.append(text('dt', 'Where'), document.createElement('dd'))
  facts.lastElementChild?.append(places, text('p', `More in ${row.doc}.`))
  item.append(summary, facts)
  return item
}

/** An element with a text: what a report says must never become HTML. */
function text(tag: string, content: string): HTMLElement {
  const made = document.createElement(tag)
  made.textContent = content
  return made
}
