import type { Hub } from './hub.ts'

/** What streams need of a hub, whether one log is behind it or several. */
export type StreamHub = Pick<
  Hub,
  'stats' | 'connections' | 'topics' | 'tail' | 'all' | 'open' | 'heartbeat' | 'sweep'
> & {
  /** Must be called before `open`: undefined if that is possible now, else whether it is, in a moment. */
  prepare?(topics: readonly string[]): Promise<boolean> | undefined
}
