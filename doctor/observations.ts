/** What the doctor saw, as data. Every time is in milliseconds since the run began; checks judge this and nothing else. */

/** `through` is the address that clients use, `direct` the server itself behind all proxies. */
export type Side = 'through' | 'direct'

/**
 * What a stream was opened for. `plain` takes no compression, `packed` takes what a browser takes, `younger` is a plain one that
 * was opened a moment after the others: what all streams share comes to it at the same moment, and what each has for itself
 * does not. `late` was opened after the comparison, so that its age and its silence differ from the others'.
 */
export type Kind = 'plain' | 'packed' | 'younger' | 'late'

type Piece = { atMs: number; bytes: Buffer }

/** Why no answer came. The text is the system's own. */
export type Failure = {
  kind: 'dns' | 'refused' | 'unreachable' | 'tls' | 'reset' | 'malformed'
  text: string
}

export type Recording = {
  side: Side
  kind: Kind
  openedAtMs: number
  /** When TCP, and with https TLS, was there. */
  connectedAtMs?: number
  protocol?: 'http/1.1' | 'h2'
  headersAtMs?: number
  status?: number
  /** Names in lower case. */
  headers: Record<string, string>
  /** The body's bytes as they came, still compressed where the server compressed. */
  wire: Piece[]
  /** The same, decompressed, each with the time at which a client can read it. */
  pieces: Piece[]
  /** How it ended, unless the doctor closed it: in order, or cut off. */
  end?: { atMs: number; how: 'clean' | 'cut' }
  /** When the doctor closed it. */
  closedAtMs?: number
  failure?: Failure
}

/** One event that the doctor published itself. `mark` is a text that nobody else sends. */
export type Published = {
  mark: string
  sentAtMs: number
  status?: number
  problem?: string
}

/** What an address says of the program that answers there, like `nginx` or `Express`; undefined: nothing. */
type Named = { through: string | undefined; direct: string | undefined }

/** A stream that was asked to resume. */
export type Return = {
  side: Side
  sent: 'last id' | 'non-ASCII' | '4 kB'
  lastEventId: string
  openedAtMs: number
  status?: number
  failure?: Failure
  /** Ids of the events that came within the time it was given. */
  ids: string[]
}

/** What was seen while the command of --strike took the server away. Times as everywhere. */
export type Strike = {
  atMs: number
  /** When the command was done. */
  doneAtMs: number
  exit: number
  /** Streams through the proxy that were open when it began, and when each was told, if it was. */
  told: { through: (number | undefined)[]; direct: (number | undefined)[] }
  /** Answers to requests for a stream while the server was away, in order, equal ones in a row once. */
  answers: { atMs: number; status?: number; type?: string; failure?: Failure }[]
  watchedUntilMs: number
}

/** Streams that were opened and left, by the server's own count. Neither time: the count did not follow them, see `problem`. */
export type Leave = {
  side: Side
  /** After how long the count had fallen again; missing: not while it was watched. */
  noticedMs?: number
  watchedMs?: number
  problem?: string
}

export type Observations = {
  url: string
  direct: string | undefined
  method: string
  /** When the side-by-side comparison began and ended. */
  window: { fromMs: number; toMs: number }
  /** How long streams were to be watched for a cut after the comparison; 0: not at all. */
  quietMs: number
  endedAtMs: number
  streams: Recording[]
  named: Named
  published: Published[] | undefined
  returns: Return[]
  strike: Strike | undefined
  /** Undefined: nobody said where the server counts its streams, or had no time for this. */
  leaves: Leave[] | undefined
  /** The answer's Access-Control-Allow-Origin to --origin; undefined: not asked. */
  cors: { origin: string; allowed: string | undefined } | undefined
  /** How many streams opened of how many, when asked for many. */
  many: { wanted: number; opened: number; first: string | undefined } | undefined
}
