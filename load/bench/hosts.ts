import { containerOf, hosts, on, serves, toHost, type Host } from '@sse-lab/server/test/hosts/hosts.ts'
import { docker } from '@sse-lab/testkit/stack.ts'
import type { Figures } from './rows.ts'
import { faultText, readNumber, runGenerator } from './run-generator.ts'
import { rowText, type Measured } from './table.ts'

/**
 * `make bench-hosts`: what a delivery costs on one, two and three hosts, and how many deliveries there are when each host has 0.3
 * cores, on what `make hosts` has brought up. One scope, whose streams are on all hosts, as many on each. They take turns in every
 * round. ROUNDS=3.
 */
const rounds = readNumber('ROUNDS', 3)
const streamsOfHost = 200
const scope = 'bench'
const narrow = '0.3'
const wide = '2'

const rows = [
  {
    title: `hosts: ${streamsOfHost} streams on each, 50 events/s: CPU µs per delivery, servers and nginx`,
    cpus: wide,
    load: { rate: 50 },
    answer: ({ usPerDelivery }: Figures) => usPerDelivery,
    measured: measuredOf(),
  },
  {
    title: `hosts of ${narrow} cores: ${streamsOfHost} streams on each, 4 publishers in a closed loop: deliveries a second`,
    cpus: narrow,
    load: { rate: 0, publishers: 4 },
    answer: ({ perSecond }: Figures) => perSecond,
    measured: measuredOf(),
  },
]

function measuredOf(): Measured[] {
  return hosts.map(count => ({
    name: `${count} ${count === 1 ? 'host' : 'hosts'}`,
    answers: [],
    p50Ms: [],
    p99Ms: [],
    remarks: [],
  }))
}

try {
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, count] of hosts.entries()) {
      const used = await useHosts(count)
      for (const { cpus, load, answer, measured } of rows) {
        for (const host of hosts) await toHost(host, 'update', '--cpus', cpus)
        const result = await measure(used, load)
        const one = measured[index]
        one?.answers.push(answer(result))
        one?.p50Ms.push(result.p50Ms)
        one?.p99Ms.push(result.p99Ms)
        const fault = faultText(result)
        if (fault !== undefined) one?.remarks?.push(fault)
      }
    }
  }
} finally {
  for (const host of hosts) await toHost(host, 'update', '--cpus', wide)
}
for (const { title, measured } of rows) process.stdout.write(`\n${rowText(title, measured)}\n`)

/** Leaves a server on so many hosts, and returns which. Each nginx knows of them alone. */
async function useHosts(count: number): Promise<Host[]> {
  for (const host of hosts) await toHost(host, 'update', '--cpus', wide)
  await on(1, 'service', 'scale', '--detach=false', `sse_server=${count}`)
  const knobs = ['--env-add', `SERVERS=${count}`, '--env-add', `HOT_SCOPES=${scope}`]
  const atOnce = ['--update-parallelism', '3', '--update-delay', '0s']
  await on(1, 'service', 'update', '--detach=false', '--quiet', ...knobs, ...atOnce, 'sse_nginx')
  const names = await on(
    1,
    'service',
    'ps',
    'sse_server',
    '--filter',
    'desired-state=running',
    '--format',
    '{{.Node}}',
  )
  const used = hosts.filter(host => names.split('\n').includes(`host-${host}`))
  for (const host of used) await serves(host)
  return used
}

async function measure(used: Host[], load: Record<string, number>): Promise<Figures> {
  const pids = await Promise.all(used.map(async host => await pidsOf(host)))
  return await runGenerator({
    subscribe: used.map(host => `http://host-${host}:80/events?topic=${scope}`).join(),
    publish: `http://host-${used[0]}/events`,
    streams: streamsOfHost * used.length,
    pids: pids.flat().join(),
    ...load,
  })
}

/** The first processes of the server and of nginx on a host, as this machine numbers them. */
async function pidsOf(host: Host): Promise<string[]> {
  const lines = (await docker('top', containerOf(host), '-eo', 'pid,args')).split('\n')
  const pids = lines.flatMap(
    line => /^\s*(\d+)\s+(?:nginx: master|node dist\/cluster\/container\.js)/.exec(line)?.[1] ?? [],
  )
  if (pids.length !== 2) throw new Error(`host ${host} has no server and nginx:\n${lines.join('\n')}`)
  return pids
}
