import { shortWorker } from './lab/name.ts'

export interface ReceivedEvent {
  readonly id: string
  readonly text: string
  readonly latencyMs: number | undefined
  readonly worker: string | undefined
  readonly own: boolean
}

/** Rows kept; the oldest goes. A tab left open over a load test would grow until the browser ends it. */
const rowsMax = 200
/** An event may be as large as the server lets it; 200 of those are too much to lay out. The rest is cut off. */
const textCharsMax = 1000

/** The received events, newest first. Only textContent: what others publish must never become HTML. */
export class EventTable {
  readonly #body: HTMLTableSectionElement

  constructor(body: HTMLTableSectionElement) {
    this.#body = body
  }

  add(event: ReceivedEvent): void {
    const row = this.#row(cut(event.text))
    row.dataset['id'] = event.id
    if (event.own) row.dataset['own'] = ''
    const latency = event.latencyMs === undefined ? '–' : `${event.latencyMs} ms`
    cell(row, 'number', latency)
    const publisher = cell(row, 'publisher', 'unknown')
    if (event.worker !== undefined) name(row, publisher, event.worker)
    cell(row, 'id code', event.id).title = event.id
  }

  addGap(oldest: string | null): void {
    const rest = oldest === null ? 'Nothing older is kept.' : `The oldest event there is: ${oldest}.`
    const row = this.#row(`Gap: events are or may be missing here. ${rest}`)
    row.dataset['gap'] = ''
    if (row.cells[0]) row.cells[0].colSpan = 4
  }

  /** The event often arrives before its publisher is known. */
  setPublisher(id: string, worker: string): void {
    for (const row of this.#body.rows) {
      const publisher = row.cells[2]
      if (row.dataset['id'] === id && publisher) name(row, publisher, worker)
    }
  }

  clear(): void {
    this.#body.replaceChildren()
  }

  #row(text: string): HTMLTableRowElement {
    const row = this.#body.insertRow(0)
    cell(row, 'text', text)
    while (this.#body.rows.length > rowsMax) this.#body.deleteRow(-1)
    return row
  }
}

function name(row: HTMLTableRowElement, publisher: HTMLTableCellElement, worker: string): void {
  row.dataset['worker'] = worker
  publisher.textContent = shortWorker(worker)
  publisher.title = worker
}

function cell(row: HTMLTableRowElement, className: string, text: string): HTMLTableCellElement {
  const made = row.insertCell()
  made.className = className
  made.textContent = text
  return made
}

function cut(text: string): string {
  return text.length > textCharsMax ? `${text.slice(0, textCharsMax)}…` : text
}
