/**
 * One stream of Server-Sent Events that stays open. Copy this file: it imports nothing.
 *
 * `EventSource` opens again by itself when the network fails or the response ends, and sends its last id along in the
 * `Last-Event-ID` header. That is left to it. This file adds what it does not do:
 *
 * 1. It gives up for good on an answer that is not 200, or not `text/event-stream`: one 502 during a deploy and the
 *    tab is deaf. Here: a new `EventSource`, after a random wait.
 * 2. It cannot tell a dead stream from a quiet one: when a peer vanishes without a FIN, it waits for ever. Here: three
 *    silent heartbeats close it and open another.
 * 3. A new `EventSource` has forgotten the id of the old one, and takes no headers. Here: `?lastEventID=`.
 * 4. It opens the same address again, and a ticket opens one stream only. Here: `url` may be a function, which is asked
 *    for each connection.
 * 5. In the back/forward cache an open connection is a page that is not kept, or one that comes back deaf. Here:
 *    closed on `pagehide`, opened on `pageshow`.
 *
 * From the server it needs a first event `hello`, whose data is JSON and says `heartbeatMs` (0: no heartbeats), and
 * the event `heartbeat`. `gap` says that events are or may be missing, with the oldest id that there is.
 */

/** Which worker holds the stream, and how often it lets itself be heard. */
export interface Hello {
  readonly worker: string
  readonly instance: number
  readonly pid: number
  readonly bus: string
  readonly heartbeatMs: number
}

export interface StreamEvent {
  readonly id: string
  readonly type: string
  readonly data: string
}

/** `open` from the first `hello` on: an answer of only `retry:` opens an EventSource too, yet no worker holds it. */
export type StreamState = 'opening' | 'open' | 'reconnecting' | 'closed'

/** `id` is the last one that the stream was told, '' if there was none. With a log it says how far the stream is. */
export interface StreamListeners {
  state?(state: StreamState): void
  hello?(hello: Hello, id: string): void
  event?(event: StreamEvent): void
  heartbeat?(id: string): void
  gap?(oldest: string | null, id: string): void
  /** What allows the stream has ended (`event: token-expired`). Renew the cookie now; the stream comes back by itself. */
  expired?(): void
}

export interface StreamOptions {
  /** A function is asked for each connection, which then never repeats its address: for tickets. */
  readonly url: string | URL | (() => Promise<string | URL>)
  /** Whether cookies go to another origin, too. */
  readonly withCredentials?: boolean
  /** EventSource tells only of types it was asked for. `message` is the type of an event that was given none. */
  readonly types?: readonly string[]
  /** The n-th wait is random between 0 and `backoffMsBase` x 2^n, and never over `backoffMsMax`. */
  readonly backoffMsBase?: number
  readonly backoffMsMax?: number
}

export interface Stream {
  /** Ends it for good. No listener is called afterwards, but for one `state('closed')`. */
  close(): void
}

/** Opens at once, and again and again until `close()`. */
export function openStream(options: StreamOptions, listeners: StreamListeners): Stream {
  return new ReopeningStream(options, listeners)
}

const heartbeatsMissedMax = 3

class ReopeningStream implements Stream {
  readonly #options: Required<StreamOptions>
  readonly #listeners: StreamListeners
  readonly #lifetime = new AbortController()
  #source: EventSource | undefined
  #state: StreamState | undefined
  #lastEventId = ''
  #failures = 0
  #heartbeatMs = 0
  #heardAtMs = 0
  #connects = 0
  #reopenTimer: ReturnType<typeof setTimeout> | undefined
  #silenceTimer: ReturnType<typeof setTimeout> | undefined

  constructor(options: StreamOptions, listeners: StreamListeners) {
    this.#options = {
      types: ['message'],
      withCredentials: false,
      backoffMsBase: 1000,
      backoffMsMax: 30_000,
      ...options,
    }
    this.#listeners = listeners
    const { signal } = this.#lifetime
    addEventListener('pagehide', () => this.#stop(), { signal })
    const shown = (event: PageTransitionEvent): void => {
      // Only a page from the cache was stopped before. A fresh page has just opened its stream.
      if (event.persisted) this.#open()
    }
    addEventListener('pageshow', shown, { signal })
    this.#open()
  }

  close(): void {
    this.#lifetime.abort()
    this.#stop()
  }

  #open(): void {
    this.#stopTimers()
    this.#source?.close()
    this.#enter(this.#state === undefined ? 'opening' : 'reconnecting')
    const { url } = this.#options
    if (typeof url !== 'function') {
      this.#connect(url)
      return
    }
    const serial = (this.#connects += 1)
    // Stopped or opened anew meanwhile, the address is of no use any more.
    const isCurrent = () => serial === this.#connects && this.#state !== 'closed'
    const connect = async () => {
      const address = await url()
      if (isCurrent()) this.#connect(address)
    }
    connect().catch(() => isCurrent() && this.#openLater())
  }

  #connect(url: string | URL): void {
    const { withCredentials } = this.#options
    const source = new EventSource(this.#address(url), { withCredentials })
    this.#source = source
    source.addEventListener('open', () => this.#heard())
    source.addEventListener('error', () => this.#failed(source))
    source.addEventListener('hello', event => this.#greeted(event))
    source.addEventListener('heartbeat', event => {
      this.#heard(event)
      this.#listeners.heartbeat?.(event.lastEventId)
    })
    source.addEventListener('token-expired', event => {
      this.#heard(event)
      this.#listeners.expired?.()
    })
    source.addEventListener('gap', event => {
      this.#heard(event)
      this.#listeners.gap?.(readOldest(event.data), event.lastEventId)
    })
    for (const type of this.#options.types) {
      source.addEventListener(type, (event: MessageEvent<string>) => {
        this.#heard(event)
        this.#listeners.event?.({ id: event.lastEventId, type, data: event.data })
      })
    }
  }

  /**
   * A native reconnect repeats this query, with an id that is old by then. It also sends the newer one as the header
   * Last-Event-ID, so on the server the header must win.
   */
  #address(url: string | URL): URL {
    const address = new URL(url, document.baseURI)
    if (this.#lastEventId !== '') address.searchParams.set('lastEventID', this.#lastEventId)
    return address
  }

  #greeted(event: MessageEvent<string>): void {
    const hello = readHello(event.data)
    this.#failures = 0
    this.#heartbeatMs = hello?.heartbeatMs ?? 0
    // The next worker may beat faster than the last, or not at all.
    this.#stopTimers()
    this.#heard(event)
    this.#enter('open')
    // Told that it is open, a listener may have closed it.
    if (hello && this.#state === 'open') this.#listeners.hello?.(hello, event.lastEventId)
  }

  /** Anything that came through proves that the stream is alive. */
  #heard(event?: MessageEvent<string>): void {
    // Every event tells the last id, also one without an `id:` of its own. A new EventSource starts with an empty one:
    // that is no reason to forget ours. Whether an id is a position is for the server to say.
    if (event?.lastEventId) this.#lastEventId = event.lastEventId
    this.#heardAtMs = performance.now()
    if (this.#heartbeatMs > 0) this.#silenceTimer ??= setTimeout(this.#checkSilence, this.#silenceMsMax)
  }

  get #silenceMsMax(): number {
    return this.#heartbeatMs * heartbeatsMissedMax
  }

  /** One timer for the whole stream: a new one for each event would be thousands a second on a busy topic. */
  readonly #checkSilence = (): void => {
    const leftMs = this.#heardAtMs + this.#silenceMsMax - performance.now()
    if (leftMs > 0) this.#silenceTimer = setTimeout(this.#checkSilence, leftMs)
    else this.#openLater()
  }

  #failed(source: EventSource): void {
    // [spec] On a network error, and when the response ends, the user agent is to "reestablish the connection":
    // readyState is CONNECTING, and it comes back by itself after the server's `retry:`. Opening another would make two
    // streams, so the watch pauses too: `retry:` may be longer than three heartbeats.
    if (source.readyState !== EventSource.CLOSED && typeof this.#options.url !== 'function') {
      this.#stopTimers()
      this.#enter('reconnecting')
      return
    }
    // [spec] "if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the
    // connection": CLOSED, for good. A 204 too, which is meant as "stop": it cannot be told from a 503 here.
    this.#openLater()
  }

  /** Full jitter: tabs that were thrown out together must not come back together. */
  #openLater(): void {
    const { backoffMsBase, backoffMsMax } = this.#options
    const delayMs = Math.random() * Math.min(backoffMsMax, backoffMsBase * 2 ** this.#failures)
    this.#failures += 1
    this.#stopTimers()
    this.#source?.close()
    // Before anyone is told: a listener may answer with close().
    this.#reopenTimer = setTimeout(() => this.#open(), delayMs)
    this.#enter('reconnecting')
  }

  #stop(): void {
    this.#connects += 1
    this.#stopTimers()
    this.#source?.close()
    this.#enter('closed')
  }

  #stopTimers(): void {
    clearTimeout(this.#reopenTimer)
    clearTimeout(this.#silenceTimer)
    this.#silenceTimer = undefined
  }

  #enter(state: StreamState): void {
    if (state === this.#state) return
    this.#state = state
    this.#listeners.state?.(state)
  }
}

/** A hello we cannot read still opens the stream; it has no worker to show and no heartbeats to wait for. */
export function readHello(data: string): Hello | undefined {
  const { worker, instance, pid, bus, heartbeatMs } = readObject(data)
  if (typeof worker !== 'string' || typeof instance !== 'number') return undefined
  if (typeof pid !== 'number' || typeof bus !== 'string') return undefined
  return { worker, instance, pid, bus, heartbeatMs: typeof heartbeatMs === 'number' ? heartbeatMs : 0 }
}

export function readOldest(data: string): string | null {
  const { oldest } = readObject(data)
  return typeof oldest === 'string' ? oldest : null
}

function readObject(data: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(data)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
