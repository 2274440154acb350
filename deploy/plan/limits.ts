import type { Values } from './constants.ts'
import type { Plan } from './plan.ts'

/** Something that can be full, at its default, with the plan's hosts: above 1 it must be raised before. */
export type Limit = { name: string; need: number; bound: number; used: number; unit: string; remedy: string }

/** All of them, the fullest first. */
export function findLimits(plan: Omit<Plan, 'limits'>, values: Values): Limit[] {
  const { workers, streamsPerHost, question } = plan
  const busy = plan.busyCores
  const addresses = Math.ceil(streamsPerHost / values.portsOfAddress)
  const workerCore = (busy.deliveries + busy.heartbeats + busy.publishes + busy.reading) / workers
  const rows: Omit<Limit, 'used'>[] = [
    {
      name: 'ephemeral ports, from nginx to one server address',
      need: streamsPerHost,
      bound: values.portsOfAddress,
      unit: 'streams of a host',
      remedy: `${addresses} server addresses on each host, a wider net.ipv4.ip_local_port_range, or a socket file`,
    },
    {
      name: 'conntrack',
      need: streamsPerHost * values.conntrackOfStream,
      bound: values.conntrackMax,
      unit: 'entries of a host',
      remedy:
        'net.netfilter.nf_conntrack_max, a socket file to the server, or no tracking of the streams’ port',
    },
    {
      name: 'worker_connections and open files of an nginx worker',
      need: (2 * streamsPerHost) / question.hostCores,
      bound: values.workerConnections,
      unit: 'connections, with an nginx worker for each core',
      remedy: 'worker_connections and NOFILE',
    },
    {
      name: 'CONNECTIONS_MAX of a worker',
      need: question.streams / workers,
      bound: values.connectionsMax,
      unit: 'streams',
      remedy: 'more workers; CONNECTIONS_MAX where they are idle and memory is there',
    },
    {
      name: 'the core of a worker',
      need: workerCore,
      bound: values.busyMax,
      unit: 'cores',
      remedy: 'more workers',
    },
    {
      name: 'reading the log, in each worker',
      need: plan.readingCore,
      bound: values.readMax,
      unit: 'cores',
      remedy: 'partitions, and workers that read only what their streams want',
    },
    {
      name: 'the core of a Redis',
      need: plan.redisCore.inBatches,
      bound: values.busyMax,
      unit: 'cores',
      remedy:
        plan.logs === 1
          ? 'a replica on each host to read from, then partitions'
          : 'more masters, more partitions',
    },
    {
      name: 'connections of a Redis',
      need: plan.design === 'replicas' ? workers + plan.hosts : (2 * workers) / plan.cells,
      bound: values.redisClients,
      unit: 'connections',
      remedy: 'maxclients, fewer and fuller workers, or cells',
    },
    {
      name: 'what a Redis sends to its readers',
      need: plan.redisGbit,
      bound: values.networkGbit * values.busyMax,
      unit: 'Gbit/s',
      remedy: 'replicas to read from, or partitions',
    },
    {
      name: 'what a host sends to clients',
      need: plan.clientsGbit / (plan.hosts - 1),
      bound: values.networkGbit * values.busyMax,
      unit: 'Gbit/s',
      remedy: 'more hosts; smaller events',
    },
    {
      name: 'memory of a host',
      need: (plan.memoryGib.workers + plan.memoryGib.nginx + plan.memoryGib.kernel) / (plan.hosts - 1),
      bound: question.hostGib * values.memoryMax,
      unit: 'GiB',
      remedy: 'more hosts, or larger ones',
    },
  ]
  return rows.map(row => ({ ...row, used: row.need / row.bound })).toSorted((a, b) => b.used - a.used)
}
