import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '@sse-lab/testkit/listen.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { RedisProcess } from './redis-process.ts'

const run = promisify(execFile)

/** Some Redis processes that belong together, and how to reach them. */
export class RedisGroup implements AsyncDisposable {
  readonly nodes: readonly RedisProcess[]
  /** Asks the first sentinel, or the first node of a cluster. */
  readonly ask: (...words: string[]) => Promise<string>
  /** REDIS_URL for the group. */
  readonly url: string
  readonly #more: AsyncDisposableStack

  constructor(nodes: readonly RedisProcess[], url: string, more: AsyncDisposableStack) {
    this.nodes = nodes
    this.url = url
    const { port } = new URL(url.split(',', 1)[0] ?? '')
    this.ask = async (...words) => (await run('redis-cli', ['-p', port, ...words])).stdout
    this.#more = more
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#more.disposeAsync()
  }
}

/** A Redis Cluster: three masters, each with `replicas` replicas. A dead master is replaced after about two seconds. */
export async function startCluster({ replicas = 1 } = {}): Promise<RedisGroup> {
  const more = new AsyncDisposableStack()
  const nodes = await startNodes(more, 3 * (1 + replicas), async () => {
    const bus = ['--cluster-port', `${await freePort()}`, '--cluster-node-timeout', '2000']
    return ['--cluster-enabled', 'yes', ...bus]
  })
  const addresses = nodes.map(({ address }) => address)
  const create = ['--cluster', 'create', ...addresses, '--cluster-replicas', `${replicas}`, '--cluster-yes']
  // It waits for ever for a node that another process has taken the port of.
  await run('redis-cli', create, { timeout: 60_000 })
  for (const node of nodes) {
    await until(`${node.address} to know the cluster`, 20_000, async () => {
      const known = await node.cli('cluster', 'nodes')
      const state = await node.cli('cluster', 'info')
      return /cluster_state:ok/.test(state) && known.match(/slave [0-9a-f]{40}/g)?.length === 3 * replicas
    })
    await until(`${node.address} to be a master, or in step with one`, 20_000, async () =>
      /role:master|master_link_status:up/.test(await node.cli('info', 'replication')),
    )
  }
  return new RedisGroup(nodes, nodes.map(({ url }) => url).join(','), more)
}

/** A master with two replicas, and three sentinels that replace it a second after it has died. */
export async function startWatched(...words: string[]): Promise<RedisGroup> {
  const more = new AsyncDisposableStack()
  const nodes = await startNodes(more, 3, async () => words)
  const [master, ...replicas] = nodes
  for (const node of replicas) {
    await node.cli('replicaof', '127.0.0.1', `${master?.port}`)
    await until(
      `${node.address} to be in step`,
      10_000,
      async () => (await node.info('master_link_status')) === 'up',
    )
  }
  const sentinels = await Promise.all(
    [1, 2, 3].map(async () => {
      const port = await freePort()
      const folder = await mkdtemp(join(tmpdir(), 'sentinel-'))
      const file = join(folder, 'sentinel.conf')
      const lines = [
        `port ${port}`,
        'bind 127.0.0.1',
        `sentinel monitor mymaster 127.0.0.1 ${master?.port} 2`,
        'sentinel down-after-milliseconds mymaster 1000',
        'sentinel failover-timeout mymaster 4000',
      ]
      await writeFile(file, `${lines.join('\n')}\n`)
      const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
      more.defer(async () => {
        child.kill('SIGKILL')
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
        await rm(folder, { recursive: true, force: true })
      })
      return port
    }),
  )
  for (const port of sentinels) {
    await until(`sentinel ${port} to know the others and both replicas`, 20_000, async () => {
      const { stdout } = await run('redis-cli', ['-p', `${port}`, 'info', 'sentinel'])
      return /status=ok,address=[\d.:]+,slaves=2,sentinels=3/.test(stdout)
    })
  }
  return new RedisGroup(nodes, sentinels.map(port => `redis://127.0.0.1:${port}`).join(','), more)
}

async function startNodes(
  more: AsyncDisposableStack,
  count: number,
  words: () => Promise<string[]>,
): Promise<RedisProcess[]> {
  const nodes = await Promise.all(
    Array.from({ length: count }, async () => await RedisProcess.start(...(await words()))),
  )
  for (const node of nodes) more.use(node)
  return nodes
}
