import { docker } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const reloadCount = 3

export const nginxReload = scenario({
  name: 'nginx-reload',
  title: 'Streams keep old nginx workers alive after each reload',
  symptom:
    '“nginx: worker process is shutting down” for hours in ps; memory grows with each nginx -s reload, and old clients run under the old configuration.',
  switch: 'STREAM_MS=0 against streams that end by themselves',
  because:
    'A reload starts new workers and lets the old ones finish what they have open. A stream is never finished: each reload leaves a set of workers behind.',
  fix: 'The server ends each stream after STREAM_MS, 30 minutes in the lab; the browser comes back through a new worker.',
  code: [{ file: 'server/src/http/connection.ts', text: 'this.end(reason, frame)' }],
  sides: {
    broken: () => 0,
    fixed: (ageMs: number) => ageMs,
  },
  async measure(rig, streamMs) {
    // Half an hour in production.
    const ageMs = rig.ms(800, 30_000)
    const server = await rig.server({ STREAM_MS: String(streamMs(ageMs)) })
    const nginx = await rig.nginx(server.address, text =>
      text.replace('worker_processes auto;', 'worker_processes 1;'),
    )
    const workers = async () => {
      const lines = await docker('exec', nginx.id, 'bash', '-c', readProcesses)
      const all = lines.split('\n').filter(line => line.includes('nginx: worker process'))
      const old = all.filter(line => line.includes('is shutting down'))
      return { old: old.length, current: all.filter(line => !old.includes(line)).join() }
    }
    let now = await workers()
    let most = 0
    for (let reload = 1; reload <= reloadCount; reload += 1) {
      const before = now.current
      await TestStream.openGreeted(`${nginx.url}/events`)
      await docker('exec', nginx.id, 'nginx', '-c', '/lab/nginx.conf', '-s', 'reload')
      await until('one new worker in the place of the old one', 3000, async () => {
        now = await workers()
        most = Math.max(most, now.old)
        return !now.current.includes(',') && now.current !== before
      })
    }
    // A stream ends at the first look after its age, and the server looks once a second.
    await until('the old workers to leave', ageMs + 1300, async () => {
      now = await workers()
      return now.old === 0
    }).catch(() => undefined)
    return { most, old: now.old }
  },
  judge: {
    broken: ({ old }) => ({
      predicted: `${reloadCount} old workers after ${reloadCount} reloads`,
      measured: `${old} old workers`,
      holds: old === reloadCount,
      evidence: `${old} × nginx: worker process is shutting down`,
    }),
    fixed: ({ most, old }) => ({
      predicted: 'no old worker once the streams have ended by themselves',
      measured: `${most} old workers, then ${old}`,
      holds: most > 0 && old === 0,
    }),
  },
})

// An image need not have ps. A line is a process: its number and its title.
const readProcesses = "for it in /proc/[0-9]*; do echo $it $(tr '\\0' ' ' < $it/cmdline); done 2> /dev/null"
