import { z } from 'zod'
import { express, lab, labWithAccess, limit, secureServer, type Contender } from './contender.ts'
import { others, othersThatReplay } from './others/others.ts'

/** What the generator reports: see Result in generator/main.go. */
export const figures = z.object({
  kibPerStream: z.number(),
  lost: z.number(),
  doubled: z.number(),
  refused: z.number(),
  closed: z.number(),
  perSecond: z.number(),
  usPerDelivery: z.number(),
  cores: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  caughtUpSeconds: z.number(),
})

export type Figures = z.output<typeof figures>

/** One question: which load, who is asked, and which figure is the answer. */
export type Row = {
  name: string
  unit: string
  /** The first is what the others are compared with. */
  contenders: Contender[]
  /** Hubs of other people, which are asked with OTHERS=1. */
  others?: Contender[]
  /** Options of the generator. */
  load: {
    streams: number
    rate?: number
    publishers?: number
    topics?: number
    seconds?: number
    padding?: number
    behind?: number
    used?: true
  }
  answer: (figures: Figures) => number
  /** Of two answers the greater is the better. */
  more?: true
  /** The answer is what a delivery costs, so that its ratio to the limit may have a bound. */
  cost?: true
  /** It is a point of a curve. */
  curve?: { of: string; at: number }
  /** Runs only when a part of its name is in ROWS. */
  onlyWhenChosen?: true
}

const cpu = {
  cost: true as const,
  unit: 'CPU µs per delivery',
  answer: ({ usPerDelivery }: Figures) => usPerDelivery,
}

const gathering = [0, 5, 10].map(batchMs => lab({ batchMs }))

export const rows: Row[] = [
  {
    name: 'server: 1,000 streams, 50 events/s',
    ...cpu,
    contenders: [limit, lab(), express()],
    others: [lab({ native: true }), ...others()],
    load: { streams: 1000, rate: 50 },
  },
  {
    name: 'server: 10,000 streams, 5 events/s',
    ...cpu,
    contenders: [limit, lab(), express()],
    others: [lab({ native: true }), ...others()],
    load: { streams: 10_000, rate: 5 },
  },
  {
    name: 'server: 200 streams, 16 publishers in a closed loop',
    unit: 'deliveries a second',
    contenders: [limit, lab(), express()],
    others: [lab({ native: true }), ...others()],
    load: { streams: 200, rate: 0, publishers: 16, seconds: 6 },
    answer: ({ perSecond }) => perSecond,
    more: true,
  },
  {
    name: 'server: 5,000 idle streams',
    unit: 'KiB per stream',
    contenders: [express(), lab()],
    others: others(),
    load: { streams: 5000, publishers: 0, seconds: 1 },
    answer: ({ kibPerStream }) => kibPerStream,
  },
  {
    name: 'server: 5,000 idle streams after as many that have gone',
    unit: 'KiB per stream',
    contenders: [express(), lab()],
    others: others(),
    load: { streams: 5000, publishers: 0, seconds: 1, used: true },
    answer: ({ kibPerStream }) => kibPerStream,
  },
  ...[5000, 10_000].map(streams => ({
    name: `server behind nginx: ${streams.toLocaleString('en')} idle streams`,
    unit: 'KiB per stream in the server',
    // As production has it: nginx asks for the road out of node:http. What nginx takes itself is not counted.
    contenders: [express({ way: 'tcp', serverAlone: true }), lab({ way: 'socket', serverAlone: true })],
    others: others({ way: 'tcp', serverAlone: true }),
    load: { streams, publishers: 0, seconds: 1 },
    answer: ({ kibPerStream }: Figures) => kibPerStream,
  })),
  {
    name: 'server: 10,000 idle streams, heartbeats only',
    unit: '% of a core',
    contenders: [lab()],
    // Two heartbeats of 15 s.
    load: { streams: 10_000, publishers: 0, seconds: 30 },
    answer: ({ cores }) => 100 * cores,
  },
  {
    name: 'server: 5,000 streams return at once, 100 events behind',
    unit: 's until all have caught up',
    contenders: [lab()],
    others: othersThatReplay,
    // All streams hear the same topic: what goes on meanwhile goes to all 5,000, too.
    load: { streams: 5000, rate: 5, behind: 100 },
    answer: ({ caughtUpSeconds }) => caughtUpSeconds,
  },
  {
    name: 'whole way through nginx: 1,000 streams, 50 events/s',
    ...cpu,
    contenders: [express({ way: 'tcp' }), lab({ way: 'socket' }), lab({ way: 'tcp' })],
    others: others({ way: 'tcp' }),
    load: { streams: 1000, rate: 50 },
  },
  {
    name: 'whole way through nginx: 10,000 streams, 5 events/s for two minutes',
    ...cpu,
    contenders: [lab({ way: 'socket' }), lab({ way: 'tcp' })],
    load: { streams: 10_000, rate: 5, seconds: 120 },
  },
  // What an event costs before there are many to share it: in a server's first seconds, and when most of it is compiled.
  ...[14, 60].map(seconds => ({
    name: `event: 10 streams, 50 events/s for ${seconds} s`,
    unit: 'CPU µs per event, with its deliveries',
    contenders: [lab(), express()],
    load: { streams: 10, rate: 50, seconds },
    answer: ({ usPerDelivery }: Figures) => usPerDelivery * 10,
    onlyWhenChosen: true as const,
  })),
  // What access control costs: beside the same server without it.
  {
    name: 'access: 1,000 streams, 50 events/s',
    unit: 'CPU µs per delivery',
    contenders: [lab(), labWithAccess()],
    load: { streams: 1000, rate: 50 },
    answer: ({ usPerDelivery }) => usPerDelivery,
    onlyWhenChosen: true,
  },
  {
    name: 'access: 5,000 idle streams',
    unit: 'KiB per stream',
    contenders: [lab(), labWithAccess()],
    load: { streams: 5000, publishers: 0, seconds: 1 },
    answer: ({ kibPerStream }) => kibPerStream,
    onlyWhenChosen: true,
  },
  {
    name: 'access behind nginx: 5,000 idle streams',
    unit: 'KiB per stream in the server',
    // As production has it.
    contenders: [
      lab({ way: 'socket', serverAlone: true }),
      labWithAccess({ way: 'socket', serverAlone: true }),
    ],
    load: { streams: 5000, publishers: 0, seconds: 1 },
    answer: ({ kibPerStream }) => kibPerStream,
    onlyWhenChosen: true,
  },
  {
    name: 'access: 10 streams, 500 events/s',
    unit: 'CPU µs per publish, with its deliveries',
    contenders: [lab(), labWithAccess()],
    load: { streams: 10, rate: 500, publishers: 16 },
    answer: ({ usPerDelivery }) => usPerDelivery * 10,
    onlyWhenChosen: true,
  },
  // What TLS and HTTP/2 cost, where nginx ends TLS and where the server does. Each stream has a connection of its own.
  ...[
    {
      name: 'tls: 1,000 streams, 50 events/s',
      unit: 'CPU µs per delivery',
      load: { streams: 1000, rate: 50 },
      answer: ({ usPerDelivery }: Figures) => usPerDelivery,
    },
    {
      name: 'tls: 2,000 idle streams',
      unit: 'KiB per stream, nginx with it',
      load: { streams: 2000, publishers: 0, seconds: 1 },
      answer: ({ kibPerStream }: Figures) => kibPerStream,
    },
  ].map(row => ({
    ...row,
    contenders: [
      lab({ way: 'socket' }),
      lab({ way: 'socket', secure: 'HTTP/1.1' }),
      lab({ way: 'socket', secure: 'HTTP/2' }),
      secureServer('HTTP/1.1'),
      secureServer('HTTP/2'),
    ],
    onlyWhenChosen: true as const,
  })),
  // What the native part brings, beside the same server without it.
  ...[
    { streams: 1000, rate: 50 },
    { streams: 10_000, rate: 5 },
  ].map(load => ({
    name: `native: ${load.streams.toLocaleString('en')} streams, ${load.rate} events/s`,
    unit: 'CPU µs per delivery',
    contenders: [limit, lab(), lab({ native: true })],
    load,
    answer: ({ usPerDelivery }: Figures) => usPerDelivery,
    onlyWhenChosen: true as const,
  })),
  {
    name: 'native: 200 streams, 16 publishers in a closed loop',
    unit: 'deliveries a second',
    contenders: [lab(), lab({ native: true }), express()],
    load: { streams: 200, rate: 0, publishers: 16, seconds: 6 },
    answer: ({ perSecond }) => perSecond,
    more: true,
    onlyWhenChosen: true,
  },
  // What it brings to gather events, at rates where they follow each other within 10 ms, and at one where they do not.
  ...[50, 200, 500, 1000].map(rate => ({
    name: `batches: 100 streams, ${rate} events/s`,
    unit: 'CPU µs per event, with its deliveries',
    contenders: gathering,
    load: { streams: 100, rate, publishers: 16 },
    answer: ({ usPerDelivery }: Figures) => usPerDelivery * 100,
    onlyWhenChosen: true as const,
  })),
  {
    name: 'batches: 200 streams, 16 publishers in a closed loop',
    unit: 'deliveries a second',
    contenders: [express(), ...gathering],
    load: { streams: 200, rate: 0, publishers: 16, seconds: 6 },
    answer: ({ perSecond }) => perSecond,
    more: true,
    onlyWhenChosen: true,
  },
  // The curves change one thing each. 50,000 deliveries a second, but for the rate.
  ...[250, 1000, 4000, 10_000].map(streams => curve('streams', streams, { streams, rate: 50_000 / streams })),
  ...[5, 20, 50, 100].map(rate => curve('rate', rate, { streams: 1000, rate })),
  ...[60, 1000, 10_000].map(padding => curve('size', padding, { streams: 1000, rate: 50, padding })),
  ...[1, 2, 4].map(workers => curve('workers', workers, { streams: 1000, rate: 50 }, lab({ workers }))),
  ...[1, 4, 16, 64].map(publishers =>
    curve('publishers', publishers, { streams: 50, rate: 1000, publishers }),
  ),
  // 10,000 deliveries a second. The limit knows no topics.
  ...[1, 10, 50, 100].map(topics => ({
    ...curve('topics', topics, { streams: 1000, rate: 10 * topics, publishers: 16, topics }),
    contenders: [lab()],
  })),
]

/** A point of a curve, which docs/curves makes a picture of. */
function curve(of: string, at: number, load: Row['load'], measured = lab()): Row {
  const name = `curve: ${of}, ${at.toLocaleString('en')}`
  return { name, curve: { of, at }, ...cpu, contenders: [limit, measured], load, onlyWhenChosen: true }
}
