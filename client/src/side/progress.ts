/**
 * When a missing event is lost, and when it is only behind, as pure functions.
 *
 * A stream that was cut gets what it missed in its replay. So an event is lost for a stream that is open and past the
 * event without having brought it, and for no other: whatever else is missing is behind, and may still come.
 */

/** How far a stream is, by what came on it. */
export interface Progress {
  /** Since when it is open without a break; undefined while it is not. */
  readonly openSinceMs: number | undefined
  /** Whether its server keeps a log. Then every id is a position in it, and what a stream missed is replayed. */
  readonly hasLog: boolean
  /** The last id that it was told, by an event, a hello, a heartbeat or a gap. */
  readonly position: string
  /** The newest of this tab's publishes that it brought. */
  readonly lastSeq: number
}

/** An acknowledged event. `seq` numbers this tab's publishes. */
export interface Published {
  readonly id: string
  readonly seq: number
  readonly acknowledgedAtMs: number
}

export const neverOpen: Progress = { openSinceMs: undefined, hasLog: false, position: '', lastSeq: 0 }

/** So long after its acknowledgement an event may still be on its way, where nothing but time can tell. */
export const graceMs = 1000

/** A worker said hello. With a log, `id` is where the stream goes on: everything after it will come. */
export function greeted(progress: Progress, bus: string, id: string, nowMs: number): Progress {
  return { ...progress, openSinceMs: nowMs, hasLog: bus === 'streams', position: id }
}

/** Something came that carries an id: whatever lies before it has come, or never will. */
export function reached(progress: Progress, id: string): Progress {
  return id === '' ? progress : { ...progress, position: id }
}

export function brought(progress: Progress, id: string, seq: number): Progress {
  return { ...reached(progress, id), lastSeq: Math.max(progress.lastSeq, seq) }
}

export function left(progress: Progress): Progress {
  return { ...progress, openSinceMs: undefined }
}

/** A hello and the answer to a publish come on two connections: which of two that are this near was first, nobody knows. */
export const sameMomentMs = 100

/** Whether the stream opened only when the event was out already. */
export function openedAfter({ openSinceMs }: Progress, { acknowledgedAtMs }: Published): boolean {
  return openSinceMs !== undefined && openSinceMs > acknowledgedAtMs + sameMomentMs
}

/** Whether a stream that did not bring the event has lost it. Otherwise it is behind. */
export function isPast(progress: Progress, event: Published, nowMs: number): boolean {
  const { openSinceMs, hasLog, position, lastSeq } = progress
  if (openSinceMs === undefined) return false
  if (hasLog) return reaches(position, event.id)
  // Nothing is replayed. It brought a later one, or it opened too late, or it was open all the time and nothing came.
  return lastSeq > event.seq || openedAfter(progress, event) || nowMs - event.acknowledgedAtMs >= graceMs
}

const logId = /^(\d+)-(\d+)$/

/** Whether a position in the log is at the id or beyond it. Of what is no id of a log nothing can be said. */
export function reaches(position: string, id: string): boolean {
  const [at, to] = [logId.exec(position), logId.exec(id)]
  if (at === null || to === null) return false
  const [atMs, toMs] = [BigInt(at[1] ?? 0), BigInt(to[1] ?? 0)]
  return atMs === toMs ? BigInt(at[2] ?? 0) >= BigInt(to[2] ?? 0) : atMs > toMs
}
