import { processOf, serverOf, shortHost } from './lab/name.ts'
import type { Hello } from './stream.ts'
import type { Worker } from './lab/workers.ts'

/** Rows shown; the workers of this tab's side come first, so the cut meets the other side. */
const rowsMax = 100

/** The live workers of both sides; the one that holds this tab's stream is marked. */
export function showWorkers(
  body: HTMLTableSectionElement,
  workers: readonly Worker[],
  held: Hello | undefined,
): void {
  const isBeside = (worker: Worker): boolean => worker.bus === held?.bus
  const sorted = workers.toSorted(
    (a, b) =>
      Number(isBeside(b)) - Number(isBeside(a)) ||
      serverOf(a.worker).localeCompare(serverOf(b.worker)) ||
      a.instance - b.instance,
  )
  const own = held && processOf(held)
  const rows = sorted.slice(0, rowsMax).map(worker => makeRow(worker, processOf(worker) === own))
  body.replaceChildren(...rows)
}

function makeRow(worker: Worker, own: boolean): HTMLTableRowElement {
  const row = document.createElement('tr')
  row.dataset['worker'] = worker.worker
  const instance = document.createElement('th')
  instance.scope = 'row'
  instance.textContent = String(worker.instance)
  row.append(instance)
  if (own) mark(row, instance, 'own', 'this tab')
  if (!worker.ready) mark(row, instance, 'unready', 'not ready')
  for (const text of [worker.pid, shortHost(worker.host), worker.bus])
    row.insertCell().textContent = String(text)
  if (row.cells[2]) row.cells[2].title = worker.worker
  const numbers = [
    worker.connections.toLocaleString('en'),
    worker.published.toLocaleString('en'),
    worker.delivered.toLocaleString('en'),
    worker.busLagMs === null ? '–' : `${Math.round(worker.busLagMs)} ms`,
    `${worker.eventLoopDelayMs.toFixed(1)} ms`,
    `${Math.round(worker.rssBytes / 1_048_576)} MiB`,
  ]
  for (const text of numbers) {
    const cell = row.insertCell()
    cell.className = 'number'
    cell.textContent = text
  }
  return row
}

function mark(row: HTMLTableRowElement, place: HTMLElement, key: string, text: string): void {
  row.dataset[key] = ''
  const badge = document.createElement('span')
  badge.className = 'badge'
  badge.textContent = text
  place.append(' ', badge)
}
