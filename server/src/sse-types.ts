import type { Grant } from './grant.ts'

/** How this process is. Counts are since its start; `busLagMs` is the time from publish to here, null before the first event. */
export type SseStatus = {
  bus: 'memory' | 'pubsub' | 'streams'
  ready: boolean
  connections: number
  delivered: number
  published: number
  busLagMs: number | null
}

/** The processes that take streams, and the streams that all processes have open. */
export type Fleet = { streams: number; workers: number }

/** What else a publish may say. */
export type PublishMore = {
  /** One line of at most 256 characters. Default: none, which a page hears as `message`. */
  type?: string
  /** 1 to 255 visible ASCII characters. Within two minutes the same key with the same event takes effect once. */
  idempotencyKey?: string
  /** What the publisher may do. Default: everything. */
  grant?: Grant
}
