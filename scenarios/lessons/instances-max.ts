import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { docker } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const ecosystem = new URL('../../server/ecosystem.config.cjs', import.meta.url)
const quota = 1

export const instancesMax = scenario({
  name: 'instances-max',
  title: '`instances: max` counts the host’s cores, not the quota',
  symptom:
    'A container with one core runs 64 workers on a 64-core host: memory is gone before the first stream, and each worker gets a sliver of time.',
  switch: "ecosystem.config.cjs with instances: 'max' against WORKERS",
  because:
    'pm2 takes os.cpus().length, and a quota does not change what /proc/cpuinfo lists. `--cpus` of Docker and limits of Kubernetes are quotas.',
  fix: 'Say the number: WORKERS, with a default that fits the container.',
  code: [{ file: 'server/ecosystem.config.cjs', text: 'instances: Number.isInteger(workers)' }],
  sides: {
    broken: (text: string) => text.replace(/^( +instances:).*$/m, "$1 'max',"),
    fixed: (text: string) => text,
  },
  async measure(rig, change) {
    const text = change(await readFile(ecosystem, 'utf8'))
    const server = await rig.container(
      { WORKERS: String(quota), BUS: 'memory' },
      { files: { '/lab/server/ecosystem.config.cjs': text }, cpus: quota },
    )
    await server.answers()
    // pm2 starts them one after the other, and says from the first one on how many there will be.
    const list = await docker('exec', server.id, 'pm2', 'jlist')
    const meant = Number(/"instances":(\d+)/.exec(list)?.[1])
    const workers = await until(`the ${meant} workers that pm2 wants`, 8000, async () => {
      const pids = await docker('exec', server.id, 'pgrep', '--parent', '1', '--full', 'main.js')
      const count = pids.trim().split('\n').length
      return count >= meant && count
    })
    return { workers, cores: cpus().length }
  },
  judge: {
    broken: ({ workers, cores }) => ({
      predicted: `${cores} workers, as the host has cores`,
      measured: `${workers} workers for a quota of ${quota}`,
      holds: workers === cores,
      evidence: `os.cpus().length is ${cores}`,
    }),
    fixed: ({ workers }) => ({
      predicted: `${quota} worker`,
      measured: `${workers} worker`,
      holds: workers === quota,
    }),
  },
})
