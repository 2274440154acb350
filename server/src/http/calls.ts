import { readGrant } from '../grant.ts'
import type { Hello } from '../frame.ts'
import type { StreamHub } from '../hub/stream-hub.ts'
import type { Log } from '../observe/facts.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'
import type { Settings } from '../options.ts'
import type { Quotas } from '../quotas.ts'
import type { Stats } from '../stats.ts'
import { Access } from './access.ts'
import type { Request } from './body.ts'
import { problemOf, sendProblem } from './problem.ts'
import type { Publisher } from './publisher.ts'
import { bodyReader, receive, type ReceiveWish } from './receive.ts'
import { Refusal, type RefusalCode } from './refusal.ts'
import { answerWith, isGone, type Response } from './response.ts'
import { streamHeaders } from './stream-headers.ts'
import type { StreamWish } from './stream-request.ts'
import { StreamCalls } from './stream.ts'

// A subject that has all its streams has them for a while.
const quotaRetryMs = 30_000

export type CallsParts = {
  settings: Settings
  hello: Hello
  hub: StreamHub
  quotas: Quotas
  publisher: Publisher
  log: Log
  /** Whether every stream must come back later. */
  isClosed: () => boolean
  /** Whether a text is an id of the bus' log. */
  isPosition: (text: string) => boolean
}

/** The two calls, from request to answer: who asks, what it may do, and what it is told if it may not. They never reject. */
export class Calls {
  readonly #parts: CallsParts
  readonly #streams: StreamCalls
  readonly #access: Access
  readonly #failed: RepeatedFact
  // Streams that wait for `authorize`: they count as open ones do.
  #waiting = 0

  constructor(parts: CallsParts) {
    this.#parts = parts
    this.#streams = new StreamCalls(parts)
    this.#access = new Access(parts.settings.authorize, parts.log)
    this.#failed = new RepeatedFact(parts.log, { text: 'call failed', level: 'error' })
  }

  async stream(request: Request, response: Response, wish: StreamWish): Promise<void> {
    try {
      this.#access.refuseNobody(wish)
      if (this.#access.asksFor(wish.grant)) await this.#streamAfterAsking(request, response, wish)
      else await this.#open(request, response, { ...wish, grant: wish.grant && readGrant(wish.grant) })
    } catch (error) {
      if (!this.#sendBack(error, request, response))
        this.#refuse(error, request, response, this.#streams.originHeaders(request))
    }
  }

  async receive(request: Request, response: Response, wish: ReceiveWish): Promise<void> {
    const { grant, body } = wish
    const { publisher, settings } = this.#parts
    try {
      // Before anything that takes a turn: see bodyReader.
      const read = bodyReader(request, body, settings.eventBytesMax)
      this.#access.refuseNobody(wish)
      const granted = await this.#access.grantOf(request, grant)
      await receive({ publisher, name: settings.name, grant: granted }, request, response, read)
    } catch (error) {
      this.#refuse(error, request, response)
    }
  }

  async #streamAfterAsking(request: Request, response: Response, wish: StreamWish): Promise<void> {
    const { hub, settings } = this.#parts
    if (this.#waiting + hub.connections >= settings.connectionsMax) {
      this.#streams.later(request, response)
      return
    }
    this.#waiting += 1
    const grant = await this.#access.grantOf(request, undefined).finally(() => (this.#waiting -= 1))
    await this.#open(request, response, { ...wish, grant })
  }

  async #open(request: Request, response: Response, wish: StreamWish): Promise<void> {
    // The client has left while the application looked up what it may do. Nothing would tell of that again.
    if (isGone(response)) return
    if (response.headersSent) throw new Error('stream: something has answered this request before')
    if (request.method === 'HEAD') {
      // A HEAD that opened a stream would never end.
      answerWith(response, 200, streamHeaders)
    } else await this.#streams.open(request, response, wish)
  }

  // Where coming back can help, a stream is not refused: that would end an EventSource for good.
  #sendBack(error: unknown, request: Request, response: Response): boolean {
    if (!(error instanceof Refusal) || isGone(response) || response.headersSent) return false
    if (error.code === 'not-ready') this.#streams.later(request, response)
    else if (error.code === 'too-many') this.#streams.later(request, response, quotaRetryMs)
    else if (error.code === 'token-expired') this.#streams.expired(request, response)
    else return false
    count(this.#parts.hub.stats, error.code)
    return true
  }

  #refuse(error: unknown, { method }: Request, response: Response, headers = {}): void {
    const problem = problemOf(error)
    if (error instanceof Refusal) count(this.#parts.hub.stats, error.code)
    if (problem.status === 500) this.#failed.happened({ err: error, method }, kindOf(error))
    if (!isGone(response)) sendProblem(response, problem, headers)
  }
}

function count({ refused }: Stats, code: RefusalCode): void {
  if (code === 'unauthorized' || code === 'token-expired' || code === 'forbidden' || code === 'too-many')
    refused[code] += 1
}
