export interface Point {
  readonly x: number
  readonly y: number
}

interface Place extends Point {
  readonly radius: number
}

/** Parts of the page move when it is laid out anew: what was measured is old then. */
const measuredMsMax = 400

/** Where the parts of a diagram stand, measured from the page itself, and the ways between them. */
export class Plan {
  readonly #canvas: HTMLCanvasElement
  #places = new Map<string, DOMRect | undefined>()
  #colors = new Map<string, string>()
  #measuredAtMs = 0

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas
  }

  forget(): void {
    this.#measuredAtMs = 0
  }

  get scale(): number {
    return this.#canvas.clientWidth < 300 ? 0.75 : 1
  }

  color(name: string): string {
    this.#refresh()
    const known = this.#colors.get(name)
    if (known !== undefined) return known
    const color = getComputedStyle(this.#canvas).getPropertyValue(name).trim()
    this.#colors.set(name, color)
    return color
  }

  /** An empty canvas of the diagram's size. */
  clear(): CanvasRenderingContext2D | undefined {
    const { clientWidth, clientHeight } = this.#canvas
    const density = Math.min(2, devicePixelRatio)
    const [width, height] = [Math.round(clientWidth * density), Math.round(clientHeight * density)]
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width
      this.#canvas.height = height
      this.forget()
    }
    const brush = this.#canvas.getContext('2d')
    if (brush === null || width === 0) return undefined
    brush.setTransform(density, 0, 0, density, 0, 0)
    brush.clearRect(0, 0, clientWidth, clientHeight)
    return brush
  }

  /** The lane of a worker, by its name. */
  worker(name: string): string | undefined {
    return this.#find(`[data-worker="${CSS.escape(name)}"]`)?.dataset['lane']
  }

  laneOf(stream: number): string | undefined {
    return this.#find(`[data-stream="${stream}"]`)?.dataset['under']
  }

  stream(number: number): Place | undefined {
    const box = this.#place(`[data-stream="${number}"]`)
    return box && { ...center(box), radius: box.width / 2 }
  }

  toWorker(lane: string): Point[] | undefined {
    const [publisher, proxy, to] = [
      this.#place('[data-node="publisher"]'),
      this.#place('[data-node="proxy"]'),
      this.#lane(lane),
    ]
    if (!publisher || !proxy || !to) return undefined
    return [center(publisher), { x: to.x, y: center(proxy).y }, to]
  }

  /** Along its lower edge: what goes through the middle hides its name. */
  toLog(lane: string): Point[] | undefined {
    const [from, log] = [this.#lane(lane), this.#place('[data-node="log"]')]
    return from && log && [from, { x: from.x, y: log.bottom }]
  }

  fromLog(lane: string, other: string): Point[] | undefined {
    const [from, to, log] = [this.#lane(lane), this.#lane(other), this.#place('[data-node="log"]')]
    return from && to && log && [{ x: from.x, y: log.bottom }, { x: to.x, y: log.bottom }, to]
  }

  toStream(number: number): Point[] | undefined {
    const [dot, lane, proxy] = [
      this.#place(`[data-stream="${number}"]`),
      this.#lane(this.laneOf(number) ?? ''),
      this.#place('[data-node="proxy"]'),
    ]
    return dot && lane && proxy && [lane, { x: lane.x, y: center(proxy).y }, center(dot)]
  }

  /** The lines on which events go. */
  drawWires(brush: CanvasRenderingContext2D, hasLog: boolean): void {
    brush.strokeStyle = this.color('--wire')
    brush.lineWidth = 1
    brush.beginPath()
    const root = this.#canvas.parentElement
    const proxy = this.#place('[data-node="proxy"]')
    for (const { dataset } of root?.querySelectorAll<HTMLElement>('[data-lane]') ?? []) {
      const lane = this.#lane(dataset['lane'] ?? '')
      const log = this.#place('[data-node="log"]')
      if (dataset['state'] === 'gone' || !lane) continue
      if (proxy) line(brush, [lane, { x: lane.x, y: center(proxy).y }])
      if (hasLog && log) line(brush, [lane, { x: lane.x, y: center(log).y }])
    }
    for (const { dataset } of root?.querySelectorAll<HTMLElement>('[data-stream]') ?? []) {
      const way = this.toStream(Number(dataset['stream']))
      const place = this.stream(Number(dataset['stream']))
      if (!way || !place || dataset['look'] === 'away' || dataset['look'] === 'dead') continue
      line(brush, [...way.slice(1, -1), { x: place.x, y: place.y - place.radius }])
    }
    brush.stroke()
  }

  #lane(key: string): Point | undefined {
    const box = this.#place(`[data-lane="${CSS.escape(key)}"]`)
    return box && center(box)
  }

  #find(selector: string): HTMLElement | undefined {
    return this.#canvas.parentElement?.querySelector<HTMLElement>(selector) ?? undefined
  }

  /** Within the canvas. */
  #place(selector: string): DOMRect | undefined {
    this.#refresh()
    if (this.#places.has(selector)) return this.#places.get(selector)
    const [box, own] = [this.#find(selector)?.getBoundingClientRect(), this.#canvas.getBoundingClientRect()]
    const place = box && new DOMRect(box.x - own.x, box.y - own.y, box.width, box.height)
    this.#places.set(selector, place)
    return place
  }

  #refresh(): void {
    const nowMs = performance.now()
    if (nowMs - this.#measuredAtMs < measuredMsMax) return
    this.#measuredAtMs = nowMs
    this.#places = new Map()
    this.#colors = new Map()
  }
}

function center({ x, y, width, height }: DOMRect): Point {
  return { x: x + width / 2, y: y + height / 2 }
}

function line(brush: CanvasRenderingContext2D, [first, ...rest]: readonly Point[]): void {
  if (first === undefined) return
  brush.moveTo(first.x, first.y)
  for (const { x, y } of rest) brush.lineTo(x, y)
}
