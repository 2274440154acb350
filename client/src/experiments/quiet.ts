import { calm, clientsOf, holds, type Experiment } from './experiment.ts'
import type { Side } from '../side/side.ts'

/** nginx looks at its timers when it has something to do; and a busy machine is late. */
const lateMsMax = 5000

export const quiet: Experiment = {
  name: 'quiet',
  title: 'Say nothing',
  act: 'Be quiet',
  sentence: bench =>
    `Nothing is published until the broken side’s proxy loses its patience, which takes ${seconds(bench)} s${
      bench.lab.brokenTimeoutMs === 60_000 ? ', nginx’s own default' : ' here instead of nginx’s own 60'
    }.`,
  question: bench => ({
    text: 'How many clients of the broken side are cut off?',
    max: clientsOf(bench),
    unit: 'clients',
  }),
  async run(sides, say) {
    const { bench, broken, fixed } = sides
    const timeoutMs = bench.lab.brokenTimeoutMs
    bench.beat.pause('experiment')
    const watches = [watchCuts(broken), watchCuts(fixed)] as const
    try {
      await calm(sides)
      const total = broken.open.length
      const lastMs = Math.max(...broken.open.map(({ heardAtMs }) => heardAtMs)) + timeoutMs
      say('Nothing is published. The proxy counts.', lastMs)
      const [cuts, fixedCuts] = [watches[0].cuts, watches[1].cuts]
      await holds(() => cuts.size >= total, lastMs - performance.now() + lateMsMax)
      const times = [...cuts.values()].map(ms => ms / 1000)
      const after = cuts.size === 0 ? '' : `, after ${Math.min(...times).toFixed(0)} s without a byte`
      return {
        broken: {
          predicted: `${total} of ${total} cut, after ${timeoutMs / 1000} s without a byte`,
          measured: `${cuts.size} of ${total} cut${after}`,
        },
        fixed: {
          predicted: `0 of ${fixed.streams.all.length} cut`,
          measured: `${fixedCuts.size} of ${fixed.streams.all.length} cut`,
        },
        agrees: cuts.size === total && fixedCuts.size === 0,
        answer: cuts.size,
      }
    } finally {
      for (const { end } of watches) end()
      bench.beat.resume('experiment')
    }
  },
  why: [
    'nginx closes a response on which its upstream wrote nothing for proxy_read_timeout, and a stream without news is just that.',
    'EventSource comes back by itself, so nobody complains: there is a hole of some seconds each minute, and what was published in it is gone.',
    'On the fixed side the server writes a heartbeat to every stream, four times within the shortest timeout on the way.',
  ],
  lines: [
    {
      place: 'server: a heartbeat for every stream',
      text: `setInterval(() => {
  for (const stream of streams) stream.write('event: heartbeat\\ndata:\\n\\n')
}, 15_000)`,
    },
    {
      place: 'nginx: events at once, and a timeout that finds a worker that hangs',
      text: `location = /events {
    proxy_pass http://server;
    proxy_buffering off;
    proxy_read_timeout 60s;
}`,
    },
  ],
  scenario: 'quiet-stream',
}

function seconds({ lab }: { lab: { brokenTimeoutMs: number } }): number {
  return lab.brokenTimeoutMs / 1000
}

/** By stream: how long it had been silent when it was cut. */
function watchCuts(side: Side): { cuts: Map<number, number>; end: () => void } {
  const cuts = new Map<number, number>()
  const end = side.watch({
    cut: ({ number, heardAtMs }) => cuts.set(number, performance.now() - heardAtMs),
  })
  return { cuts, end }
}
