import { readingCores, type Values } from './constants.ts'
import { findLimits, type Limit } from './limits.ts'

/** What somebody wants to serve, and on which hosts. `rate` is of all topics together; streams are spread evenly over topics. */
export type Question = {
  streams: number
  topics: number
  eventsPerSecond: number
  eventBytes: number
  hostCores: number
  hostGib: number
}

/**
 * How the log is laid out. `one`: every worker reads one log. `replicas`: the same, from a copy on its own host. `partitions`: a log for each
 * share of the scopes, and workers that read only what their streams want. `cells`: several of these, side by side.
 */
export const designs = ['one', 'replicas', 'partitions', 'cells'] as const
export type Design = (typeof designs)[number]

export type Plan = {
  question: Question
  deliveriesPerSecond: number
  design: Design
  /** Whether the busiest log fits on one core of Redis, and its reading on a worker. */
  fits: boolean
  cells: number
  logs: number
  masters: number
  redisNodes: number
  /** What the load needs, while one host is away. */
  workers: number
  workersPerHost: number
  /** One more than the load needs, since one may be away. */
  hosts: number
  /** While one is away. */
  streamsPerHost: number
  /** Cores that are busy with nothing but this load. */
  busyCores: {
    deliveries: number
    heartbeats: number
    publishes: number
    reading: number
    nginx: number
    redis: number
  }
  memoryGib: { workers: number; nginx: number; kernel: number; redis: number; total: number }
  /** Of the core of the busiest Redis: when reads batch, and when each event is read by itself. */
  redisCore: { inBatches: number; alone: number }
  /** Of the core of each worker. */
  readingCore: number
  clientsGbit: number
  redisGbit: number
  monthUsd: { hosts: number; redis: number; traffic: number; total: number }
  /** The fullest first: what breaks first. */
  limits: Limit[]
}

const hoursOfMonth = 730
const redisCoresOfNode = 2

/** The smallest design that carries it. Where none does, the one that lacks least, and its `fits` is false. */
export function planFor(question: Question, values: Values): Plan {
  const plans = designs.map(design => planWith(design, question, values))
  const lack = ({ redisCore, readingCore }: Plan) =>
    Math.max(redisCore.inBatches / values.busyMax, readingCore / values.readMax)
  return (
    plans.find(({ fits }) => fits) ?? plans.reduce((best, plan) => (lack(plan) < lack(best) ? plan : best))
  )
}

/** What one design takes, whether it fits or not. */
export function planWith(design: Design, question: Question, values: Values): Plan {
  const { streams, hostCores, hostGib } = question
  const layout = layoutOf(design, question, values)
  const load = loadOf(question, values)
  const readingCore = readingShare(layout.eventsOfLog)
  const workers = Math.max(
    2,
    layout.usedLogs,
    Math.ceil(streams / values.connectionsMax),
    Math.ceil(load.inWorkers / Math.max(values.busyMax - readingCore, 0.01)),
  )
  const memory = memoryOf(streams, workers, values)
  const filled = Math.max(
    (workers + load.nginx / values.busyMax) / hostCores,
    memory.total / (hostGib * values.memoryMax),
    load.clientsGbit / (values.networkGbit * values.busyMax),
  )
  const hosts = Math.ceil(filled) + 1
  const workersPerHost = Math.ceil(workers / (hosts - 1))
  const redis = redisOf(design, question, layout, hosts, workersPerHost, values)
  const redisGib = redis.redisNodes * values.redisGib

  const plan: Omit<Plan, 'limits'> = {
    question,
    deliveriesPerSecond: load.deliveriesPerSecond,
    design,
    fits: redis.redisCore.inBatches <= values.busyMax && readingCore <= values.readMax,
    cells: layout.cells,
    logs: layout.logs,
    masters: redis.masters,
    redisNodes: redis.redisNodes,
    workers,
    workersPerHost,
    hosts,
    streamsPerHost: Math.ceil(streams / (hosts - 1)),
    busyCores: { ...load.busyCores, reading: readingCore * workers, nginx: load.nginx, redis: redis.cores },
    memoryGib: { ...memory, redis: redisGib, total: memory.total + redisGib },
    redisCore: redis.redisCore,
    readingCore,
    clientsGbit: load.clientsGbit,
    redisGbit: redis.gbit,
    monthUsd: cost(hosts, redis.redisNodes, load.clientsGbit, question, values),
  }
  return { ...plan, limits: findLimits(plan, values) }
}

/** How many logs there are, how many of them have topics, and what is in the busiest. */
function layoutOf(design: Design, { streams, topics, eventsPerSecond }: Question, values: Values) {
  const cells = design === 'cells' ? Math.ceil(streams / values.cellStreams) : 1
  const logs = design === 'partitions' || design === 'cells' ? cells * values.partitions : 1
  // A topic is in one log, however many there are.
  const usedLogs = Math.min(logs, topics)
  return { cells, logs, usedLogs, eventsOfLog: eventsPerSecond / usedLogs }
}

/** What the streams and their events take, wherever they are. */
function loadOf({ streams, topics, eventsPerSecond, eventBytes }: Question, values: Values) {
  const deliveriesPerSecond = (eventsPerSecond * streams) / topics
  const heartbeatsPerSecond = streams / values.heartbeatSeconds
  const busyCores = {
    deliveries: (deliveriesPerSecond * values.deliveryUs) / 1e6,
    heartbeats: streams * values.heartbeatCoreShare,
    publishes: (eventsPerSecond * values.publishUs) / 1e6,
  }
  return {
    deliveriesPerSecond,
    busyCores,
    inWorkers: busyCores.deliveries + busyCores.heartbeats + busyCores.publishes,
    nginx:
      (deliveriesPerSecond * (values.nginxDeliveryUs + values.nginxTlsWriteUs) +
        heartbeatsPerSecond * values.nginxHeartbeatUs) /
      1e6,
    clientsGbit: gbit(
      deliveriesPerSecond * (eventBytes + values.eventLineBytes + values.packetBytes) +
        heartbeatsPerSecond * (values.heartbeatBytes + values.packetBytes),
    ),
  }
}

/** What the logs take. The workers of the spare host read, too. */
function redisOf(
  design: Design,
  { eventBytes }: Question,
  { cells, logs, usedLogs, eventsOfLog }: ReturnType<typeof layoutOf>,
  hosts: number,
  workersPerHost: number,
  values: Values,
) {
  const readers = Math.ceil(
    design === 'replicas' ? Math.max(hosts, workersPerHost) : (workersPerHost * hosts) / usedLogs,
  )
  const inBatches = (eventsOfLog * (values.redisPublishUs + values.redisReadUs * readers)) / 1e6
  const alone = (eventsOfLog * (values.redisPublishAloneUs + values.redisReadAloneUs * readers)) / 1e6
  const cores = inBatches * usedLogs
  const masters = logs === 1 ? 1 : Math.max(Math.ceil(cores / values.busyMax), values.mastersMin * cells)
  return {
    redisCore: { inBatches, alone },
    cores,
    masters,
    redisNodes: masters + (design === 'replicas' ? hosts : values.replicas * masters),
    gbit: gbit(eventsOfLog * readers * (eventBytes + values.redisReplyBytes)),
  }
}

function memoryOf(streams: number, workers: number, values: Values) {
  const kib = 1 / 1024 ** 2
  const ofWorkers =
    streams * values.serverStreamKib * kib + (workers * (values.workerMib + values.logMib)) / 1024
  const nginx = streams * values.nginxStreamKib * kib
  const kernel = streams * values.socketsOfStream * values.socketKib * kib
  return { workers: ofWorkers, nginx, kernel, redis: 0, total: ofWorkers + nginx + kernel }
}

/** The share of a core, by the measured points and lines between them; beyond the last the line goes on. */
export function readingShare(eventsPerSecond: number): number {
  const next = readingCores.findIndex(([rate]) => rate >= eventsPerSecond)
  const to = readingCores.at(next === -1 ? -1 : Math.max(next, 1))
  const from = readingCores.at(next === -1 ? -2 : Math.max(next, 1) - 1)
  if (to === undefined || from === undefined) throw new Error('readingCores needs two points')
  return from[1] + ((eventsPerSecond - from[0]) * (to[1] - from[1])) / (to[0] - from[0])
}

function cost(hosts: number, redisNodes: number, clientsGbit: number, question: Question, values: Values) {
  const month = (cores: number, gib: number) =>
    hoursOfMonth * (cores * values.coreHourUsd + gib * values.gibHourUsd)
  const ofHosts = hosts * month(question.hostCores, question.hostGib)
  const redis = redisNodes * month(redisCoresOfNode, values.redisGib)
  const traffic = (clientsGbit / 8) * 3600 * hoursOfMonth * values.egressGbUsd
  return { hosts: ofHosts, redis, traffic, total: ofHosts + redis + traffic }
}

function gbit(bytesPerSecond: number): number {
  return (bytesPerSecond * 8) / 1e9
}
