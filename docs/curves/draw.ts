import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

/** What one contender came to at one point of a curve; an answer for each round, or the median alone. */
type Point = { curve: string; at: number; contender: string; answers: number[] }

/** `made`: when, where and by which command, as the caption has it. */
export type Curves = { made: Record<string, string>; points: Point[] }

/** What stands under the axis of each curve. */
const titles: Record<string, string> = {
  streams: 'streams, 50,000 deliveries a second in all',
  rate: 'events a second, 1,000 streams',
  size: 'bytes of an event, 1,000 streams, 50 events a second',
  workers: 'workers, 1,000 streams, 50 events a second',
  topics: 'topics that 1,000 streams are spread over, 10,000 deliveries a second in all',
  publishers: 'publishers, 50 streams, 1,000 events a second in all',
}

/** The picture of one curve as SVG. It depends on the data alone, so that a test can make it anew. */
export function draw(curve: string, { made, points }: Curves): string {
  const { document } = parseHTML('<html><body></body></html>')
  const data = points
    .filter(point => point.curve === curve)
    .map(({ at, contender, answers }) => {
      const sorted = answers.toSorted((a, b) => a - b)
      return {
        at,
        contender,
        median: sorted[Math.floor(sorted.length / 2)],
        least: sorted[0],
        most: sorted.at(-1),
      }
    })
  const line = { x: 'at', y: 'median', stroke: 'contender' }
  const picture = Plot.plot({
    document,
    width: 640,
    height: 300,
    marginRight: 60,
    x: {
      type: 'log',
      label: titles[curve] ?? curve,
      ticks: [...new Set(data.map(({ at }) => at))],
      tickFormat: ',',
    },
    y: { zero: true, grid: true, label: 'CPU µs for a delivery' },
    color: { domain: ['limit', 'lab'], range: ['#888', '#1f6feb'] },
    marks: [
      Plot.lineY(data, line),
      Plot.ruleX(data, { x: 'at', y1: 'least', y2: 'most', stroke: 'contender' }),
      Plot.dot(data, { x: 'at', y: 'median', fill: 'contender' }),
      Plot.text(
        data,
        Plot.selectLast({
          x: 'at',
          y: 'median',
          z: 'contender',
          text: 'contender',
          dx: 8,
          textAnchor: 'start',
        }),
      ),
      Plot.text([made[curve] ?? ''], {
        frameAnchor: 'bottom-right',
        dy: -6,
        fill: '#777',
        text: (text: string) => text,
      }),
    ],
  })
  // The site has a dark side, and a picture does not know it.
  picture.setAttribute('style', 'background: white; color: #222')
  picture.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return `${picture.outerHTML}\n`
}
