import uPlot from 'uplot'
import { write } from './element.ts'
import { secondsMax, type Second } from './side/meter.ts'

const height = 120

/** Two charts of one side: latency, and what was published and delivered. Their texts say the same to who sees no chart. */
export class Charts {
  readonly #place: HTMLElement
  readonly #text: HTMLElement
  readonly #latency: uPlot
  readonly #delivery: uPlot

  constructor(place: HTMLElement, text: HTMLElement) {
    this.#place = place
    this.#text = text
    this.#latency = make(place, 'Latency, ms', ['p50', 'p99'])
    this.#delivery = make(place, 'Events a second', ['published', 'delivered'])
    new ResizeObserver(() => this.#resize()).observe(place)
  }

  show(seconds: readonly Second[]): void {
    const x = seconds.map((_, index) => index - secondsMax)
    this.#latency.setData([x, seconds.map(({ p50 }) => p50), seconds.map(({ p99 }) => p99)])
    this.#delivery.setData([
      x,
      seconds.map(({ published }) => published),
      seconds.map(({ delivered }) => delivered),
    ])
    const last = seconds.at(-1)
    if (last === undefined) return
    const latency = last.p99 === null ? '' : `; p50 ${last.p50} ms, p99 ${last.p99} ms`
    write(this.#text, `Last second: ${last.published} published, ${last.delivered} delivered${latency}.`)
  }

  #resize(): void {
    const width = this.#place.clientWidth
    if (width === 0) return
    for (const chart of [this.#latency, this.#delivery]) chart.setSize({ width, height })
  }
}

function make(place: HTMLElement, title: string, names: readonly [string, string]): uPlot {
  const [soft, line, first, second] = ['--soft', '--line', '--chart-1', '--chart-2'].map(color)
  const axis = { stroke: soft ?? '', grid: { stroke: line ?? '', width: 1 }, ticks: { show: false } }
  return new uPlot(
    {
      title,
      width: place.clientWidth || 300,
      height,
      legend: { show: true, live: false },
      cursor: { show: false },
      scales: { x: { time: false }, y: { range: (_chart, _min, max) => [0, Math.max(1, max * 1.1)] } },
      axes: [
        { ...axis, size: 24, values: (_chart, values) => values.map(value => `${value} s`) },
        { ...axis, size: 44 },
      ],
      series: [
        {},
        { label: names[0], stroke: first ?? '', width: 2, points: { size: 4 } },
        { label: names[1], stroke: second ?? '', width: 2, points: { size: 4 } },
      ],
    },
    [[], [], []],
    place,
  )
}

/** A color of style.css, of the scheme that is shown. */
function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}
