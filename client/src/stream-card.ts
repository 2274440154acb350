import { element, write } from './element.ts'
import { hostOf, shortHost } from './lab/name.ts'
import type { Hello, StreamState } from './stream.ts'

/** Which worker holds this tab's stream, and whether it is alive. */
export class StreamCard {
  readonly #instance = element('worker-instance', HTMLElement)
  readonly #pid = element('worker-pid', HTMLElement)
  readonly #host = element('worker-host', HTMLElement)
  readonly #state = element('stream-state', HTMLElement)
  readonly #heartbeat = element('heartbeat', HTMLElement)
  readonly #openings = element('openings', HTMLElement)
  #openingsCount = 0
  #heartbeatMs: number | undefined
  #beatAtMs: number | undefined

  enter(state: StreamState): void {
    this.#state.dataset['state'] = state
    write(this.#state, state)
  }

  greet(hello: Hello): void {
    this.#openingsCount += 1
    this.#heartbeatMs = hello.heartbeatMs
    this.#beatAtMs = undefined
    write(this.#instance, String(hello.instance))
    write(this.#pid, String(hello.pid))
    write(this.#host, shortHost(hostOf(hello.worker)))
    this.#host.title = hello.worker
    write(this.#openings, this.#openingsCount === 1 ? 'once' : `${this.#openingsCount} times`)
    this.tick()
  }

  beat(): void {
    this.#beatAtMs = performance.now()
    this.tick()
  }

  tick(): void {
    if (this.#heartbeatMs === undefined) return
    const every = `every ${this.#heartbeatMs / 1000} s`
    if (this.#heartbeatMs === 0) write(this.#heartbeat, 'none are sent')
    else if (this.#beatAtMs === undefined) write(this.#heartbeat, `none yet, ${every}`)
    else write(this.#heartbeat, `${Math.floor((performance.now() - this.#beatAtMs) / 1000)} s ago, ${every}`)
  }
}
