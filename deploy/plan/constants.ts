/**
 * Every number that the plan does not get from its user: its value, its unit, and where it is from. Nothing else in this folder
 * holds a figure of the world.
 *
 * `measured`: on this lab, by the command named. `derived`: reckoned from measured ones. `default`: what the lab or the
 * kernel sets, and anybody can change. `published`: by others. `assumed`: nobody measured it; the plan says so whenever it used one.
 */
export type Constant = {
  value: number
  unit: string
  how: 'measured' | 'derived' | 'default' | 'published' | 'assumed'
  source: string
}

const bench = 'make bench, 2026-11-27, docs/performance.md'
const nginxBench =
  'node deploy/plan/measure.ts 4000, 2026-11-26, nginx 1.22.1, 2 shared cores of an AMD EPYC, median of three'
const redisBench =
  '2026-11-26, Redis 8.0.6, 120-byte events, readers of XREAD COUNT 500 BLOCK 1000, docs/scale.md'

const constants = {
  // What a stream and a delivery cost a worker.
  deliveryUs: {
    value: 14,
    unit: 'µs of a core for each event on each stream, server alone',
    how: 'measured',
    source: `${bench}: 10,000 streams, 5 events/s`,
  },
  heartbeatCoreShare: {
    value: 0.0000032,
    unit: 'cores for each idle stream, heartbeats every 15 s',
    how: 'measured',
    source: `${bench}: 3.2 % of a core for 10,000`,
  },
  publishUs: {
    value: 300,
    unit: 'µs of a core for each publish, in a worker',
    how: 'measured',
    source: 'make bench, a closed loop, docs/performance.md: How the cost grows. Ten deliveries are in it',
  },
  returnUs: {
    value: 400,
    unit: 'µs of a core for each stream that comes back, 100 events behind',
    how: 'measured',
    source: `${bench}: 5,000 in 1 s on 2 cores, the load generator on the same cores`,
  },
  serverStreamKib: {
    value: 6.3,
    unit: 'KiB for each stream in a worker behind nginx',
    how: 'measured',
    source: `${bench}: 5,000 streams, the most of three rounds`,
  },
  workerMib: {
    value: 100,
    unit: 'MiB for each worker without streams',
    how: 'measured',
    source: '2026-11-27, resident memory of sse-lab/server',
  },
  logMib: {
    value: 16,
    unit: 'MiB of the log that each worker keeps for replays',
    how: 'default',
    source: 'LOG_BYTES_MAX, docs/settings.md',
  },
  connectionsMax: {
    value: 10_000,
    unit: 'streams in a worker',
    how: 'default',
    source: 'CONNECTIONS_MAX, docs/settings.md',
  },
  heartbeatSeconds: { value: 15, unit: 's', how: 'default', source: 'HEARTBEAT_MS, docs/settings.md' },
  heartbeatBytes: {
    value: 52,
    unit: 'bytes of a heartbeat and its HTTP chunk',
    how: 'derived',
    source: 'server/src/frame.ts: id, event and an empty data line',
  },

  // nginx, with TLS towards the clients.
  nginxDeliveryUs: {
    value: 11,
    unit: 'µs of a core for each event on each stream, in nginx',
    how: 'derived',
    source: 'make bench, 2026-11-25: 25.6 µs through nginx over TCP, less 14.6 µs without; plain HTTP',
  },
  nginxTlsWriteUs: {
    value: 4,
    unit: 'µs of a core that TLS adds to each write',
    how: 'derived',
    source: `${nginxBench}: a heartbeat over TLS 1.3, less one without`,
  },
  nginxHeartbeatUs: {
    value: 18.6,
    unit: 'µs of a core for each heartbeat of a stream, TLS with it',
    how: 'measured',
    source: nginxBench,
  },
  nginxOpenUs: {
    value: 749,
    unit: 'µs of a core to open a stream: TLS handshake (ECDSA P-256, no resumption) and the way to the server',
    how: 'measured',
    source: nginxBench,
  },
  nginxLaterUs: {
    value: 620,
    unit: 'µs of a core to take a connection and say "come later": TLS handshake and one answer',
    how: 'measured',
    source: nginxBench,
  },
  nginxStreamKib: {
    value: 41.9,
    unit: 'KiB for each stream in nginx, with TLS and proxy_buffering off',
    how: 'measured',
    source: `${nginxBench}. Without TLS 17.7 KiB were seen with 6,000 streams and nginx 1.30.6`,
  },
  workerConnections: {
    value: 20_000,
    unit: 'connections and open files of an nginx worker, two for each stream',
    how: 'default',
    source: 'nginx/nginx.conf: worker_connections; NOFILE in .env',
  },

  // The kernel. A stream has three sockets: two in nginx, one in the worker.
  socketKib: {
    value: 4.6,
    unit: 'KiB of slab for each idle socket, conntrack with it',
    how: 'measured',
    source: '2026-11-26, 18,000 idle sockets, /proc/meminfo: 3.1 to 4.6 KiB, the larger taken',
  },
  socketsOfStream: {
    value: 3,
    unit: 'sockets for each stream',
    how: 'derived',
    source: 'client to nginx, nginx to server, and the server’s end',
  },
  portsOfAddress: {
    value: 28_232,
    unit: 'connections from one address to another address and port',
    how: 'measured',
    source: 'docs/scenarios/ephemeral-ports.md, net.ipv4.ip_local_port_range at its default',
  },
  conntrackMax: {
    value: 262_144,
    unit: 'tracked connections of a host',
    how: 'default',
    source: 'net.netfilter.nf_conntrack_max on the machine of these measurements; it depends on memory',
  },
  conntrackOfStream: {
    value: 2,
    unit: 'entries for each stream where both legs are tracked',
    how: 'derived',
    source: 'one for each connection; a socket file, or rules without tracking, save them',
  },

  // Redis. In batches a read costs less, and batches form by themselves when the core is busy; alone, it is read at once.
  redisPublishUs: {
    value: 45,
    unit: 'µs of the Redis core for each publish, under load, appendfsync always',
    how: 'measured',
    source: redisBench,
  },
  redisReadUs: {
    value: 3,
    unit: 'µs of the Redis core for each event and reader, in batches',
    how: 'measured',
    source: redisBench,
  },
  redisPublishAloneUs: {
    value: 285,
    unit: 'µs of the Redis core for each publish at 100 a second',
    how: 'measured',
    source: redisBench,
  },
  redisReadAloneUs: {
    value: 31,
    unit: 'µs of the Redis core for each event and reader, when each event is read by itself',
    how: 'measured',
    source: redisBench,
  },
  redisReplyBytes: {
    value: 155,
    unit: 'bytes around an event that Redis sends to a reader',
    how: 'measured',
    source: redisBench,
  },
  redisClients: {
    value: 10_000,
    unit: 'connections of a Redis',
    how: 'default',
    source: 'maxclients; a worker has one for commands, and one for each log that it reads',
  },
  redisGib: {
    value: 0.5,
    unit: 'GiB for each Redis',
    how: 'default',
    source: 'compose.production.yaml: mem_limit',
  },
  partitions: {
    value: 12,
    unit: 'logs of a cell',
    how: 'assumed',
    source: 'divisible by 2, 3, 4 and 6 masters; fixed when the log is made',
  },
  mastersMin: { value: 3, unit: 'masters', how: 'published', source: 'Redis Cluster takes three at least' },
  replicas: {
    value: 2,
    unit: 'replicas of each master',
    how: 'derived',
    source: 'with one, min-replicas-to-write 1 stops all publishes while it is away: 16 s of 503 were seen',
  },
  cellStreams: {
    value: 1_000_000,
    unit: 'streams of a cell',
    how: 'assumed',
    source: 'what one Cluster and some hundred workers carry; a fault takes one cell, and no more',
  },

  // Wires. Ethernet, IPv4 and TCP with timestamps, and a record of TLS 1.3, around each write.
  eventLineBytes: {
    value: 33,
    unit: 'bytes of an event’s frame around its data, and of its HTTP chunk',
    how: 'derived',
    source: 'server/src/frame.ts: id of 17 characters, field names, line breaks',
  },
  packetBytes: {
    value: 88,
    unit: 'bytes of headers for each write',
    how: 'derived',
    source: '14 + 20 + 32 + 22',
  },
  networkGbit: { value: 10, unit: 'Gbit/s of a host', how: 'assumed', source: 'a common network card' },

  // How much of something may be in use in the plan.
  busyMax: {
    value: 0.7,
    unit: 'of a core',
    how: 'assumed',
    source: 'above it, waiting grows faster than load',
  },
  memoryMax: {
    value: 0.8,
    unit: 'of the memory',
    how: 'assumed',
    source: 'the rest is for buffers of slow clients',
  },
  readMax: {
    value: 0.35,
    unit: 'of a core for reading the log',
    how: 'assumed',
    source: 'half of busyMax: beyond it a worker reads more than it delivers',
  },

  // Money. List prices without any reduction; what matters is which part is large.
  coreHourUsd: {
    value: 0.04048,
    unit: 'US$ for a core and hour',
    how: 'published',
    source: 'AWS Fargate, us-east-1, Linux x86, read in March 2026',
  },
  gibHourUsd: {
    value: 0.004445,
    unit: 'US$ for a GiB and hour',
    how: 'published',
    source: 'the same',
  },
  egressGbUsd: {
    value: 0.05,
    unit: 'US$ for a GB to the internet',
    how: 'assumed',
    source: 'between what large clouds and what network providers take',
  },

  // The clients' way back.
  retryMinS: { value: 1, unit: 's', how: 'default', source: 'RETRY_MS_MIN' },
  retryMaxS: { value: 5, unit: 's', how: 'default', source: 'RETRY_MS_MAX' },
  returnsPerSecond: {
    value: 500,
    unit: 'streams that come back to a worker in a second, where its fleet tells the time for that',
    how: 'default',
    source: 'RETURNS_PER_SECOND, docs/settings.md',
  },
  laterMinS: { value: 3.5, unit: 's', how: 'default', source: 'nginx/streaming.conf: $later_ms' },
  laterMaxS: { value: 10.5, unit: 's', how: 'default', source: 'nginx/streaming.conf: $later_ms' },
} as const satisfies Record<string, Constant>

export type ConstantName = keyof typeof constants
export type Values = Record<ConstantName, number>

export const catalogue: Record<ConstantName, Constant> = constants
// Its keys are those of `constants`.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const constantNames = Object.keys(constants) as ConstantName[]

/** The values alone, as the plan takes them. */
export function valuesOf(all: Record<ConstantName, Constant>): Values {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(constantNames.map(name => [name, all[name].value])) as Values
}

/**
 * What reading the log costs a worker that has no use for what it reads, as share of a core by events a second. Measured on
 * 2026-11-26 with two workers without streams; between two points a line. The last is reckoned: there a core is full.
 * What counts is how often it wakes up (about 0.9 ms each when it is cold), not how much it reads.
 */
export const readingCores: readonly (readonly [eventsPerSecond: number, cores: number])[] = [
  [0, 0.004],
  [100, 0.086],
  [400, 0.15],
  [1000, 0.19],
  [3000, 0.19],
  [5413, 0.2],
  [17_000, 1],
]
