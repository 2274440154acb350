import { readData } from './lab/event-data.ts'

/** A row of what one stream has received. `text` is undefined for a gap, whose `oldest` is the oldest event that there is. */
export interface Row {
  readonly key: number
  readonly id: string
  readonly text: string | undefined
  readonly oldest: string | null
  readonly latencyMs: number | undefined
  readonly isOwn: boolean
}

/** Rows kept; the oldest goes. A tab left open over a load test would grow until the browser ends it. */
const rowsMax = 200
/** An event may be as large as the server lets it; 200 of those are too much to lay out. The rest is cut off. */
const textCharsMax = 1000

/** What one stream has received, newest first. The page's own beat is left out: it would be all that one sees. */
export class Received {
  #rows: readonly Row[] = []
  #keys = 0

  get rows(): readonly Row[] {
    return this.#rows
  }

  add(id: string, json: string, isOwn: boolean): void {
    const { text, sentAt } = readData(json)
    if (isOwn && text === '') return
    const latencyMs = sentAt === undefined ? undefined : Date.now() - sentAt
    this.#push({ id, text: cut(text), oldest: null, latencyMs, isOwn })
  }

  addGap(oldest: string | null): void {
    this.#push({ id: '', text: undefined, oldest, latencyMs: undefined, isOwn: false })
  }

  clear(): void {
    this.#rows = []
  }

  #push(row: Omit<Row, 'key'>): void {
    this.#keys += 1
    this.#rows = [{ ...row, key: this.#keys }, ...this.#rows].slice(0, rowsMax)
  }
}

function cut(text: string): string {
  return text.length > textCharsMax ? `${text.slice(0, textCharsMax)}…` : text
}
