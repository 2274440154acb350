import { publish, type Acknowledgement } from '@sse-lab/testkit/publish.ts'
import { fixed, broken } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const streamCount = 12
const eventCount = 24

export const fanOut = scenario({
  name: 'fan-out',
  title: 'An event reaches only one worker’s streams',
  symptom: 'With one process everything works; with N workers clients get about one event in N, at random.',
  switch: 'BUS=memory against BUS=streams, several workers under pm2-runtime',
  because:
    'A stream lives in one process, and so does an emitter. A publish reaches the streams of the worker that took it: the others lose 1 − Σ over workers of (its share of the publishes × its share of the streams).',
  fix: 'Every worker hears every event through Redis.',
  code: [
    { file: 'server/src/bus/streams/streams.ts', text: 'export class StreamsBus' },
    { file: 'server/src/hub/open-hub.ts', text: 'await one.subscribe(timed(' },
  ],
  sides: {
    broken: { base: broken, reaches: 'the streams of its worker' },
    fixed: { base: fixed, reaches: 'every stream' },
  },
  async measure(_rig, { base, reaches }) {
    const topic = `fan-out-${performance.now()}`
    const streams = await Promise.all(
      Array.from({ length: streamCount }, () => TestStream.openGreeted(`${base}/events?topic=${topic}`)),
    )
    const published: Acknowledgement[] = []
    for (let sequence = 0; sequence < eventCount; sequence += 1)
      published.push(await publish(base, { topic, data: sequence }))
    const all = published.map(({ id }) => id)
    const own = streams.map(stream =>
      published.filter(({ worker }) => worker === stream.hello?.worker).map(({ id }) => id),
    )
    // The order is that of the publishes, so a stream that has the last that theory gives it has all of it.
    const expected = reaches === 'every stream' ? streams.map(() => all) : own
    await until('what theory gives each stream', 3000, () =>
      streams.every(({ events }, index) => events.length >= (expected[index]?.length ?? 0)),
    ).catch(() => undefined)
    const got = streams.map(({ events }) => events.map(({ id }) => id ?? ''))
    for (const stream of streams) stream.close()
    return { all, own, got, workers: new Set(streams.map(({ hello }) => hello?.worker)).size }
  },
  judge: {
    broken: ({ all, own, got, workers }) => ({
      predicted: `${lost(own, all)} lost over ${workers} workers`,
      measured: `${lost(got, all)} lost`,
      holds: workers > 1 && JSON.stringify(got) === JSON.stringify(own) && own.flat().length > 0,
      evidence: 'each stream got exactly the events that its own worker took',
    }),
    fixed: ({ all, got }) => ({
      predicted: '0 % lost',
      measured: `${lost(got, all)} lost`,
      holds: got.every(ids => JSON.stringify(ids) === JSON.stringify(all)),
      evidence: 'each stream got every event, once and in order',
    }),
  },
})

function lost(got: string[][], all: string[]): string {
  return `${(100 * (1 - got.flat().length / (got.length * all.length))).toFixed(1)} %`
}
