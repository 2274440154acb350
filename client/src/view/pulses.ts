import { BoundedMap } from '../lab/bounded-map.ts'
import type { Taken } from '../side/ledger.ts'
import type { Side } from '../side/side.ts'
import type { Brought, SideStream } from '../side/streams.ts'
import { Plan, type Point } from './plan.ts'

interface Pulse {
  readonly way: readonly Point[]
  readonly startMs: number
  readonly durationMs: number
  readonly color: Color
}

type Color = 'own' | 'replay' | 'other'

/** The real way takes some milliseconds. Shown at this pace it can be followed. */
const pace = { toWorker: 420, toLog: 220, fromLog: 280, toStream: 320 }
/** Of events that come faster than this, only the lights are shown. */
const betweenMsMin = 160
const lightMs = 520
/** Longer than the transition of diagram.css. */
const moveMs = 700
/** Of events that come one soon after the other, each goes faster. */
const hurryMs = 400
/** What comes so long after it was acknowledged is a replay. */
const replayAfterMs = 1500
const eventsMax = 500

/**
 * Draws the way of each event over the diagram of a side, as it was observed: that the worker took it is known from the
 * answer to the POST; that it came through the log, from streams of other workers that have it; and a stream lights up
 * when it has received it, never before.
 */
export class Pulses {
  readonly #side: Side
  readonly #plan: Plan
  /** Behind everything, while the pulses are before it. */
  readonly #wires: Plan
  readonly #stop: () => void
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)')
  /** By event: since when it may light streams, and when it was acknowledged. */
  readonly #events = new BoundedMap<string, { readonly lightAtMs: number; readonly atMs: number }>(eventsMax)
  #pulses: Pulse[] = []
  #lights: { readonly stream: number; readonly startMs: number; readonly color: Color }[] = []
  #drawnAtMs = 0
  #movedAtMs = 0
  #takenAtMs = 0
  #areWiresDrawn = false
  #frame: number | undefined

  constructor(wires: HTMLCanvasElement, canvas: HTMLCanvasElement, side: Side) {
    this.#side = side
    this.#wires = new Plan(wires)
    this.#plan = new Plan(canvas)
    const unwatch = side.watch({
      published: (taken, receivers) => this.#published(taken, receivers),
      received: (stream, event) => this.#received(stream, event),
      cut: ({ number }) => (this.#lights = this.#lights.filter(({ stream }) => stream !== number)),
    })
    const resized = new ResizeObserver(() => this.moved())
    resized.observe(canvas)
    const scheme = matchMedia('(prefers-color-scheme: dark)')
    const recolored = (): void => this.moved()
    scheme.addEventListener('change', recolored)
    this.#stop = () => {
      unwatch()
      resized.disconnect()
      scheme.removeEventListener('change', recolored)
      if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    }
  }

  /** The diagram was drawn anew: its parts may stand elsewhere. */
  moved(): void {
    this.#plan.forget()
    this.#wires.forget()
    this.#movedAtMs = performance.now()
    this.#wake()
  }

  end(): void {
    this.#stop()
  }

  #published({ id, publishedBy }: Taken, receivers: readonly number[]): void {
    const nowMs = performance.now()
    const isShown = !this.#still.matches && nowMs - this.#drawnAtMs >= betweenMsMin
    const lane = this.#plan.worker(publishedBy)
    const hurry = nowMs - this.#takenAtMs < hurryMs ? 0.4 : 1
    this.#takenAtMs = nowMs
    let lightAtMs = nowMs
    if (isShown && lane !== undefined && !document.hidden) {
      this.#drawnAtMs = nowMs
      this.#add(this.#plan.toWorker(lane), nowMs, pace.toWorker * hurry, 'own')
      lightAtMs += pace.toWorker * hurry
      if (this.#side.kind === 'fixed') lightAtMs = this.#throughLog(lane, receivers, lightAtMs, hurry)
    }
    this.#events.set(id, { lightAtMs, atMs: nowMs })
    for (const stream of receivers) this.#light(stream, lightAtMs, 'own')
    this.#wake()
  }

  /** To each worker of which a stream has the event already. */
  #throughLog(lane: string, receivers: readonly number[], atMs: number, hurry: number): number {
    const held = new Set(receivers.map(stream => this.#plan.laneOf(stream)))
    const [toLog, fromLog] = [pace.toLog * hurry, pace.fromLog * hurry]
    this.#add(this.#plan.toLog(lane), atMs, toLog, 'own')
    for (const other of held)
      if (other !== undefined) this.#add(this.#plan.fromLog(lane, other), atMs + toLog, fromLog, 'own')
    return atMs + toLog + fromLog
  }

  #received({ number }: SideStream, { id, seq }: Brought): void {
    const nowMs = performance.now()
    const event = this.#events.get(id)
    if (event === undefined) {
      // Its own are drawn from their answer on, which names the worker.
      if (seq === undefined) this.#light(number, nowMs, 'other')
    } else {
      const isReplay = nowMs - event.atMs > replayAfterMs
      this.#light(number, Math.max(nowMs, event.lightAtMs), isReplay ? 'replay' : 'own')
    }
    this.#wake()
  }

  /** The last piece of the way, and the light at its end. */
  #light(stream: number, atMs: number, color: Color): void {
    const isDrawn = !this.#still.matches && this.#pulses.length < 200
    if (isDrawn) this.#add(this.#plan.toStream(stream), atMs, pace.toStream, color)
    this.#lights.push({ stream, startMs: atMs + (isDrawn ? pace.toStream : 0), color })
  }

  #add(way: readonly Point[] | undefined, startMs: number, durationMs: number, color: Color): void {
    if (way !== undefined) this.#pulses.push({ way, startMs, durationMs, color })
  }

  #wake(): void {
    if (document.hidden) {
      this.#pulses = []
      this.#lights = []
      return
    }
    this.#frame ??= requestAnimationFrame(() => this.#draw())
  }

  #draw(): void {
    this.#frame = undefined
    const nowMs = performance.now()
    this.#pulses = this.#pulses.filter(({ startMs, durationMs }) => nowMs < startMs + durationMs)
    this.#lights = this.#lights.filter(({ startMs }) => nowMs < startMs + lightMs)
    // Dots take a moment to get to another worker.
    const isMoving = nowMs - this.#movedAtMs < moveMs
    if (isMoving || !this.#areWiresDrawn) this.#drawWires()
    const brush = this.#plan.clear()
    if (brush === undefined) return
    for (const pulse of this.#pulses) this.#drawPulse(brush, pulse, nowMs)
    for (const { stream, startMs, color } of this.#lights)
      if (nowMs >= startMs) this.#drawLight(brush, stream, (nowMs - startMs) / lightMs, color)
    if (isMoving || this.#pulses.length + this.#lights.length > 0) this.#wake()
  }

  #drawWires(): void {
    this.#wires.forget()
    const brush = this.#wires.clear()
    if (brush === undefined) return
    this.#wires.drawWires(brush, this.#side.kind === 'fixed')
    this.#areWiresDrawn = true
  }

  #drawPulse(
    brush: CanvasRenderingContext2D,
    { way, startMs, durationMs, color }: Pulse,
    nowMs: number,
  ): void {
    const share = (nowMs - startMs) / durationMs
    if (share < 0) return
    brush.fillStyle = this.#plan.color(`--pulse-${color}`)
    // A short tail says which way it goes.
    for (const [behind, size] of [
      [0.16, 1.6],
      [0.08, 2.4],
      [0, 3.6],
    ] as const) {
      const point = along(way, Math.max(0, ease(share) - behind))
      if (point === undefined) continue
      brush.globalAlpha = size / 3.6
      brush.beginPath()
      brush.arc(point.x, point.y, size * this.#plan.scale, 0, 2 * Math.PI)
      brush.fill()
    }
    brush.globalAlpha = 1
  }

  #drawLight(brush: CanvasRenderingContext2D, stream: number, share: number, color: Color): void {
    const place = this.#plan.stream(stream)
    if (place === undefined) return
    brush.fillStyle = brush.strokeStyle = this.#plan.color(`--pulse-${color}`)
    // Without motion it is one color for a moment, and neither grows nor fades.
    brush.globalAlpha = this.#still.matches ? 1 : 1 - share
    brush.beginPath()
    brush.arc(place.x, place.y, place.radius, 0, 2 * Math.PI)
    brush.fill()
    if (!this.#still.matches) {
      brush.lineWidth = 2
      brush.beginPath()
      brush.arc(place.x, place.y, place.radius * (1 + share * 0.9), 0, 2 * Math.PI)
      brush.stroke()
    }
    brush.globalAlpha = 1
  }
}

function ease(share: number): number {
  return share < 0.5 ? 2 * share * share : 1 - (2 - 2 * share) ** 2 / 2
}

/** A point of a way, by its share of the length. */
function along(way: readonly Point[], share: number): Point | undefined {
  const lengths = way.slice(1).map((point, index) => {
    const before = way[index] ?? point
    return Math.hypot(point.x - before.x, point.y - before.y)
  })
  let left = share * lengths.reduce((sum, length) => sum + length, 0)
  for (const [index, length] of lengths.entries()) {
    const [from, to] = [way[index], way[index + 1]]
    if (from === undefined || to === undefined) return undefined
    if (left <= length && length > 0)
      return { x: from.x + ((to.x - from.x) * left) / length, y: from.y + ((to.y - from.y) * left) / length }
    left -= length
  }
  return way.at(-1)
}
