import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { scenario } from '../scenario.ts'

const dataBytes = 1000
const atOnce = 10
const scopes = Array.from({ length: 60 }, (_, n) => `tenant-${n}/orders`)
const tickMs = 10

export const everybodyReadsEverything = scenario({
  name: 'everybody-reads-everything',
  title: 'Every worker reads every event, whoever wants it',
  symptom:
    'More workers do not help: each uses as much CPU as before with half of the streams, also one that has none; Redis is the first to be full.',
  switch: 'PARTITIONS=1 (one log) against PARTITIONS=12, each event in the log of its tenant',
  because:
    'With one log, or one channel, all events come to all workers, and each throws away what none of its streams wants. R workers cost Redis R times, and a worker pays for all, with one stream or none.',
  fix: 'Several logs, by the part of the topic before its first `/`; a worker reads a log only while it has a stream in it. A balancer that sends a tenant to the same workers makes that few.',
  code: [
    { file: 'server/src/partitions/scope.ts', text: 'crc32(scopeOf(topic)) % count' },
    { file: 'server/src/partitions/open-logs.ts', text: 'The logs that this worker reads' },
  ],
  sides: { broken: 1, fixed: 12 },
  async measure(rig, partitions) {
    const eventCount = rig.count(300, 1500)
    const { url } = await rig.redis()
    const env = { REDIS_URL: url, PARTITIONS: `${partitions}` }
    const [busy, idle] = [await rig.server(env), await rig.server(env)]
    const [topic = ''] = scopes
    const stream = await TestStream.openGreeted(`${busy.url}/events?topic=${topic}`)
    const [begunAt, before] = [performance.now(), await costOf(idle.pid)]
    for (let sent = 0; sent < eventCount; sent += atOnce)
      await Promise.all(
        Array.from({ length: atOnce }, async (_, n) => {
          const scope = scopes[(sent + n) % scopes.length] ?? ''
          await publish(busy.url, { topic: scope, data: 'x'.repeat(dataBytes) })
        }),
      )
    const last = await publish(busy.url, { topic, data: 'last' })
    await stream.next(({ id }) => id === last.id, { withinMs: 5000 })
    // It reads with the others, if it reads: nobody tells us when it has.
    await pause(500)
    const [after, ms] = [await costOf(idle.pid), performance.now() - begunAt]
    return {
      eventCount,
      ofAll: (after.readBytes - before.readBytes) / (eventCount * dataBytes),
      cpu: (after.cpuMs - before.cpuMs) / ms,
      perSecond: eventCount / (ms / 1000),
    }
  },
  judge: {
    broken: ({ eventCount, ofAll, cpu, perSecond }) => ({
      predicted: `the worker without streams reads all ${eventCount} events`,
      measured: `it reads ${percent(ofAll)} of their bytes, and takes ${percent(cpu)} of a core`,
      holds: ofAll > 0.95,
      evidence: `${Math.round(perSecond)} events/s`,
    }),
    fixed: ({ ofAll, cpu, perSecond }) => ({
      predicted: 'the worker without streams reads none',
      measured: `it reads ${percent(ofAll)} of their bytes, and takes ${percent(cpu)} of a core`,
      // What it hears all the same: answers to its own status, and the list of workers.
      holds: ofAll < 0.1,
      evidence: `${Math.round(perSecond)} events/s`,
    }),
  },
})

/** What a process has read from sockets and files, and its processor time. */
async function costOf(pid: number): Promise<{ readBytes: number; cpuMs: number }> {
  const [io, stat] = await Promise.all(
    ['io', 'stat'].map(async it => await readFile(`/proc/${pid}/${it}`, 'utf8')),
  )
  const fields = stat?.split(') ')[1]?.split(' ') ?? []
  return {
    readBytes: Number(/rchar: (\d+)/.exec(io ?? '')?.[1]),
    cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
