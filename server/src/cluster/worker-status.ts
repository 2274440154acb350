import { z } from 'zod'

/** What workers tell each other through Redis, and how it is read: anyone who reaches Redis can write there. */

const status = z.object({
  worker: z.string(),
  instance: z.number().int().nonnegative(),
  pid: z.number().int().positive(),
  host: z.string(),
  /** Tells servers of one host name apart. */
  server: z.string().regex(/^[\da-f]{6}$/),
  bus: z.string(),
  ready: z.boolean(),
  connections: z.number(),
  delivered: z.number(),
  published: z.number(),
  busLagMs: z.number().nullable(),
  eventLoopDelayMs: z.number(),
  rssBytes: z.number(),
})

const label = z.string().regex(/^[a-zA-Z_]\w*$/)
const metricName = z.string().regex(/^[a-zA-Z_:][\w:]*$/)

// As prom-client's getMetricsAsJSON gives them. JSON has no NaN: there it is null.
const metrics = z.array(
  z.looseObject({
    name: metricName,
    help: z.string(),
    type: z.enum(['counter', 'gauge', 'histogram', 'summary']),
    aggregator: z.enum(['sum', 'first', 'min', 'max', 'average', 'omit']).optional(),
    values: z.array(
      z.looseObject({
        value: z.number().nullable(),
        labels: z.record(label, z.union([z.string(), z.number()])),
        metricName: metricName.optional(),
      }),
    ),
  }),
)

/** One worker as `GET /api/workers` shows it. Counts are since its start. */
export type WorkerStatus = z.output<typeof status>

/** Orders workers by host, server and number. */
export function byName(a: WorkerStatus, b: WorkerStatus): number {
  return a.host.localeCompare(b.host) || a.server.localeCompare(b.server) || a.instance - b.instance
}

/** Reads a status; undefined if it is none, or stands under another worker's name. */
export function readStatus(worker: string, text: string): WorkerStatus | undefined {
  const { data } = status.safeParse(parse(text))
  return data?.worker === worker && worker === `${data.host}/${data.server}/${data.instance}`
    ? data
    : undefined
}

/** Reads a worker's metrics; undefined if they are none, or speak for another worker: they must not break the answer for all. */
export function readMetrics(worker: string, text: string): object[] | undefined {
  const { data } = metrics.safeParse(parse(text))
  const isOwn = data?.every(({ values }) => values.every(({ labels }) => labels.worker === worker))
  return isOwn === true ? data : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
