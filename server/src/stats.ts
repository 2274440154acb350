/** Why a stream ended, as the metric's label says it. */
export type CloseReason =
  'peer-left' | 'slow-reader' | 'stalled' | 'stream-age' | 'drain' | 'failed' | 'token-expired' | 'revoked'

/** Refusals that are about who calls. */
export type AccessRefusal = 'unauthorized' | 'token-expired' | 'forbidden' | 'too-many'

/**
 * What a worker counts since its start: one plain object, which the hub and the calls write into and the metrics read.
 * Every field only grows.
 */
export class Stats {
  /** Publishes that were acknowledged, and those that were not because the bus was away. */
  published = 0
  publishFailures = 0
  /** Streams opened, those of them that left node:http, and streams told to come back later. */
  opened = 0
  upgraded = 0
  turnedAway = 0
  readonly closed: Record<CloseReason, number> = {
    'peer-left': 0,
    'slow-reader': 0,
    stalled: 0,
    'stream-age': 0,
    drain: 0,
    failed: 0,
    'token-expired': 0,
    revoked: 0,
  }
  /** Calls and streams that were not let in, by the code of the refusal. A herd of them is a number here, and no lines in a log. */
  readonly refused: Record<AccessRefusal, number> = {
    unauthorized: 0,
    'token-expired': 0,
    forbidden: 0,
    'too-many': 0,
  }
  /** Events written to streams, live and replayed: one event to two of them counts two. */
  delivered = 0
  /** Bytes of frames written to streams: events, gaps and heartbeats, without HTTP's framing. */
  bytes = 0
  /** Writes that went past Node, by the native part. */
  nativeWrites = 0
  /** Gaps told to all streams that they concern. */
  gaps = 0
  /** Gaps told to one stream: for the id that it came back with, or because the tail went past it in its replay. */
  gapsOnReturn = 0
  /** Heartbeats written to all streams. */
  heartbeats = 0
  /** Streams that came back behind this worker, and the events that were written to them until they were live. */
  replays = 0
  replayed = 0
}
