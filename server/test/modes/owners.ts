import assert from 'node:assert/strict'
import type { RedisGroup } from './redis-groups.ts'
import type { RedisProcess } from './redis-process.ts'

/** The slot of the keys of a log. */
export async function slotOfLog(node: RedisProcess, partition = 0): Promise<string> {
  return (await node.cli('cluster', 'keyslot', `sse-lab:{${partition}}:log`)).trim()
}

export async function idOf(node: RedisProcess): Promise<string> {
  return (await node.cli('cluster', 'myid')).trim()
}

export async function mastersOf({ nodes }: RedisGroup): Promise<RedisProcess[]> {
  const roles = await Promise.all(nodes.map(async node => await node.info('role')))
  return nodes.filter((_, n) => roles[n] === 'master')
}

/** Who has the log, and who has its copies. */
export async function ownersOfLog(
  cluster: RedisGroup,
  partition = 0,
): Promise<{ master: RedisProcess; replicas: RedisProcess[] }> {
  const slot = Number(await slotOfLog(anyOf(cluster), partition))
  const lines = (await anyOf(cluster).cli('cluster', 'nodes')).split('\n').map(line => line.split(' '))
  const owner = lines.find(([, , , , , , , , ...ranges]) =>
    ranges.some(range => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return first <= slot && slot <= last
    }),
  )
  const [id] = owner ?? []
  const of = (line: string[] | undefined) =>
    cluster.nodes.find(({ port }) => line?.[1]?.includes(`:${port}@`))
  const master = of(owner)
  assert.ok(master, 'nobody has the log')
  const replicas = lines.filter(line => line[3] === id).flatMap(line => of(line) ?? [])
  assert.ok(replicas.length > 0, 'nobody copies the log')
  return { master, replicas }
}

function anyOf({ nodes: [node] }: RedisGroup): RedisProcess {
  assert.ok(node)
  return node
}
