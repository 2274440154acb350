import { publish } from '@sse-lab/testkit/publish.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const workerCount = 3
const publishCount = 20

export const pinnedPublishes = scenario({
  name: 'pinned-publishes',
  title: 'Every publish goes to the same worker',
  symptom:
    'One worker of the cluster has all the requests and the others none, although each client opens its own connection.',
  switch: 'streaming.conf without and with its line keepalive 0;',
  because:
    'A Node cluster hands out connections, not requests. Since 1.29.7 nginx keeps its connections to an upstream by default: one request after the other rides on the one that is there, to the worker that once took it.',
  fix: 'A new connection for each request: keepalive 0.',
  code: [{ file: 'nginx/streaming.conf', text: 'keepalive 0;' }],
  sides: {
    broken: (text: string) => text.replaceAll('    keepalive 0;\n', ''),
    fixed: (text: string) => text,
  },
  async measure(rig, change) {
    const server = await rig.container({ WORKERS: String(workerCount), BUS: 'memory' })
    // Without the proxy, each publish on its own connection: the cluster itself spreads them.
    const direct = await until(`all ${workerCount} workers to take publishes`, 15_000, async () => {
      const seen = await workersTaking(server.url, 2 * workerCount)
      return seen === workerCount && seen
    })
    // Each nginx worker keeps connections of its own: with more of them than one the broken side would depend on chance.
    const nginx = await rig.nginx(server.address, text =>
      change(text).replace('worker_processes auto;', 'worker_processes 1;'),
    )
    return { direct, proxied: await workersTaking(nginx.url, publishCount) }
  },
  judge: {
    broken: ({ direct, proxied }) => ({
      predicted: `${publishCount} publishes to 1 of ${workerCount} workers`,
      measured: `${publishCount} publishes to ${proxied} of ${direct} workers`,
      holds: direct === workerCount && proxied === 1,
      evidence: `without the proxy they go to ${direct} workers`,
    }),
    fixed: ({ direct, proxied }) => ({
      predicted: `${publishCount} publishes to ${workerCount} of ${workerCount} workers`,
      measured: `${publishCount} publishes to ${proxied} of ${direct} workers`,
      holds: direct === workerCount && proxied === workerCount,
    }),
  },
})

/** How many workers take the next publishes, each on a connection of its own. */
async function workersTaking(base: string, count: number): Promise<number> {
  const workers = new Set<string>()
  for (let index = 0; index < count; index += 1)
    workers.add((await publish(base, { topic: 't', data: index })).worker)
  return workers.size
}
