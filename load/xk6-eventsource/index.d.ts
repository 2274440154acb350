/**
 * What load/xk6-eventsource gives to k6 scripts. `EventSource` is that of the browser
 * (WHATWG HTML 9.2, https://html.spec.whatwg.org/multipage/server-sent-events.html); the ledger is the lab's own.
 */
declare module 'k6/x/eventsource' {
  /** Milliseconds since the epoch with a fraction, of the clock that takes `receivedAtMs`. */
  export function now(): number

  export type SourceOptions = {
    /** Further request headers. Those that EventSource sets itself are refused. */
    headers?: Record<string, string>
    /** k6 tags for all metrics of this stream. */
    tags?: Record<string, string>
    /** Where to resume: sent as `Last-Event-ID` from the first connection on. */
    lastEventId?: string
    /** Where the events of this stream are entered, before any JavaScript runs. */
    ledger?: Ledger
  }

  export type SourceEvent = {
    readonly type: string
    readonly data: string
    readonly lastEventId: string
    readonly origin: string
    /** When the bytes were read, in ms since the epoch with a fraction: not when the handler runs. */
    readonly receivedAtMs: number
    /** Of an `error` that ended the stream for good: the HTTP status, else 0. */
    readonly status: number
    /** Of an `error`: what happened. */
    readonly message: string
  }

  export type Handler = (this: EventSource, event: SourceEvent) => void

  /**
   * An open stream. It comes back after an end or a network error, with `Last-Event-ID` and after the `retry:` that the server
   * said; it is closed for good by close(), another status than 200, another type than text/event-stream, and by the
   * end of the iteration. As many as you like in one virtual user. Throws in the init context, and for bad arguments.
   */
  export class EventSource {
    static readonly CONNECTING: 0
    static readonly OPEN: 1
    static readonly CLOSED: 2
    readonly CONNECTING: 0
    readonly OPEN: 1
    readonly CLOSED: 2
    constructor(url: string, options?: SourceOptions)
    readonly url: string
    readonly readyState: 0 | 1 | 2
    onopen: Handler | null
    onmessage: Handler | null
    onerror: Handler | null
    addEventListener(type: string, listener: Handler): void
    removeEventListener(type: string, listener: Handler): void
    close(): void
  }

  /** Where things stand: paths like `a.b.0` in the JSON of an event's `data`, and `holder` in that of `hello`. */
  export type LedgerOptions = {
    publisher: string
    sequence: string
    /** ms since the epoch; without it there are no latencies. */
    sentAtMs?: string
    /** The worker that holds the stream; without it workers are not told apart, and nothing is predicted. */
    holder?: string
  }

  /** One event: the publisher's name and its sequence number, from 1. */
  export type Note = { publisher: string; sequence: number }

  /**
   * Compares what was published with what arrived, as sets for each stream. Ledgers of one name are one ledger in all virtual
   * users, in setup(), teardown() and handleSummary(). Owed to a stream is every acknowledged event, if the stream was
   * ready before the first attempt.
   */
  export class Ledger {
    constructor(name: string, options: LedgerOptions)
    readonly name: string
    /** Streams that have been ready so far: open, and with a known holder where `holder` is given. */
    readonly ready: number
    /** Streams that are ready now. */
    readonly open: number
    readonly settled: boolean
    /** An event is about to be published. */
    attempt(note: Note): void
    /** The server took it, through this worker. */
    acknowledge(note: Note & { worker?: string }): void
    /** Acknowledged events that a stream still lacks, summed over the streams. Cheap. */
    missing(): number
    report(): Report
    /** Closes the account: turns its figures into metrics (`sse_lost` and so on, with the tag `ledger`), once. */
    settle(): Report
  }

  /** Deliveries are pairs of a stream and an event. Latencies in ms. */
  export type Report = {
    ledger: string
    /** Streams that are owed everything; `streamsLate` were not ready before the first attempt. */
    streams: number
    streamsLate: number
    /** Publishes that were tried; events that were acknowledged; events that were tried and never acknowledged. */
    attempts: number
    published: number
    refused: number
    /** published × streams = delivered + lost */
    due: number
    delivered: number
    lost: number
    /** Of the stream that lost most. */
    lostMax: number
    lostRate: number
    /** Arrivals beyond one for each attempt. */
    doubled: number
    /** Arrivals after a later one of the same publisher. */
    disordered: number
    /** Events without publisher and sequence. */
    foreign: number
    /** Deliveries of events that nobody acknowledged. */
    unacknowledged: number
    gaps: number
    /** Deliveries that a bus without fan-out cannot make: taken by another worker than the stream's holder. */
    lostPredicted: number
    /** 1 - Σ over the workers of (share of the publishes × share of the streams). */
    lostRatePredicted: number
    /** Deliveries that differ from lostPredicted, in either direction. */
    unexplained: number
    latencyCount: number
    latencyP50Ms: number
    latencyP95Ms: number
    latencyP99Ms: number
    latencyMaxMs: number
    /** Connections that ended although the script did not close them, and how long they had lasted. */
    cuts: number
    cutAfterMinMs: number
    cutAfterMaxMs: number
    /** Connections that ended before `hello`: the server, or a proxy without one, said "later". */
    turnedAway: number
    /** Streams that were cut and came back: how many came within the same 100 ms, at most and where any did. */
    returns: number
    returnsPeakPer100Ms: number
    returnsMeanPer100Ms: number
    workers: {
      worker: string
      /** Due streams that it held first, and what those lost, whoever held them then. */
      streams: number
      lost: number
      /** Acknowledged events that it took. */
      published: number
      /** Of the streams that it held, when it held them. */
      cuts: number
      latencyP50Ms: number
      latencyP95Ms: number
      latencyP99Ms: number
    }[]
    /** Up to ten lost deliveries. */
    examples: { stream: number; publisher: string; sequence: number; worker: string; holder: string }[]
  }
}
