import type { Lane } from './lanes.ts'
import type { Counts, Mark } from './ledger.ts'
import type { Side } from './side.ts'
import type { SideStream } from './streams.ts'

/** A stream as it is drawn: left and top in percent of the place of all streams. */
export interface Dot {
  readonly stream: number
  readonly lane: string
  readonly left: number
  readonly top: number
  readonly look: Mark | 'new' | 'away' | 'dead'
  readonly heardAtMs: number
}

export interface Picture {
  readonly counts: Counts
  /** Of what was due, or undefined if nothing was yet. */
  readonly percent: number | undefined
  readonly open: number
  readonly total: number
  /** Workers that hold a stream of this tab. */
  readonly holders: number
  readonly lanes: readonly Lane[]
  readonly dots: readonly Dot[]
  /** How many dots stand next to each other, over all lanes. */
  readonly slots: number
  /** And how many rows there are. */
  readonly rows: number
}

/** What a side looks like now. */
export function pictureOf(side: Side, nowMs: number): Picture {
  const counts = side.ledger.count(nowMs)
  const { lanes, open } = side
  const all = side.streams.all
  const dots = placeDots(all, lanes, side.ledger.marks(nowMs))
  return {
    counts,
    percent: counts.due === 0 ? undefined : (100 * counts.delivered) / counts.due,
    open: open.length,
    total: all.length,
    holders: new Set(open.map(laneOf)).size,
    lanes,
    dots,
    rows: new Set(dots.map(({ top }) => top)).size,
    slots: Math.max(1, lanes.length) * dotsPerRow(lanes.length),
  }
}

/** Streams stand under the worker that holds them, or held them last. */
export function placeDots(
  streams: readonly SideStream[],
  lanes: readonly Pick<Lane, 'key'>[],
  marks: ReadonlyMap<number, Mark>,
): Dot[] {
  const keys = lanes.map(({ key }) => key)
  const columns = Math.max(1, keys.length)
  const under = (stream: SideStream): number => {
    const index = keys.indexOf(laneOf(stream))
    return index === -1 ? stream.number % columns : index
  }
  const byColumn = Map.groupBy(streams, under)
  const perRow = dotsPerRow(columns)
  const most = Math.max(1, ...[...byColumn.values()].map(({ length }) => length))
  const rows = Math.max(2, Math.ceil(most / perRow))
  return [...byColumn].flatMap(([column, held]) =>
    held.map((stream, index) => ({
      stream: stream.number,
      lane: keys[column] ?? '',
      left: (100 * (column + 0.12 + (0.76 * ((index % perRow) + 0.5)) / perRow)) / columns,
      top: (100 * (Math.floor(index / perRow) + 0.5)) / rows,
      look: lookOf(stream, marks.get(stream.number)),
      heardAtMs: stream.heardAtMs,
    })),
  )
}

function dotsPerRow(columns: number): number {
  return columns <= 2 ? 6 : columns <= 4 ? 3 : columns <= 8 ? 2 : 1
}

function lookOf({ state }: SideStream, mark: Mark | undefined): Dot['look'] {
  if (state === 'dead') return 'dead'
  if (state !== 'open') return 'away'
  return mark ?? 'new'
}

function laneOf({ hello }: SideStream): string {
  return hello === undefined ? '' : `${hello.worker.split('/', 1)[0]}/${hello.instance}`
}
