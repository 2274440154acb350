import { readFile } from 'node:fs/promises'
import { docker } from '@sse-lab/testkit/stack.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const defaultMs = 1600
// Their drain takes 4 s: a SIGKILL that comes a second late still cuts more than half of those that it should.
const count = 900
const ecosystem = new URL('../../server/ecosystem.config.cjs', import.meta.url)

export const killTimeout = scenario({
  name: 'kill-timeout',
  title: 'SIGKILL after 1.6 s cuts the drain',
  symptom:
    'The drain works when you try it with few streams; on a deploy many streams end without their last chunk, and the log says "still alive after 1600ms, sending SIGKILL".',
  switch: 'ecosystem.config.cjs without kill_timeout against the lab’s',
  because:
    'pm2 gives a process 1600 ms between its SIGINT and SIGKILL. A drain that ends 200 streams in a second, so that they do not come back as one, is then in its middle.',
  fix: 'kill_timeout above the drain, and the container’s stop_grace_period above both.',
  code: [
    { file: 'server/ecosystem.config.cjs', text: 'kill_timeout:' },
    { file: 'compose.yaml', text: 'stop_grace_period: 15s' },
  ],
  sides: {
    broken: (text: string) => text.replace(/^ +kill_timeout:.*$/m, ''),
    fixed: (text: string) => text,
  },
  async measure(rig, change) {
    const text = change(await readFile(ecosystem, 'utf8'))
    const server = await rig.container(
      { WORKERS: '1', BUS: 'memory' },
      { files: { '/lab/server/ecosystem.config.cjs': text } },
    )
    await server.answers()
    const streams = await Promise.all(
      Array.from({ length: count }, () => TestStream.openGreeted(`${server.url}/events`)),
    )
    await docker('stop', '--time', '15', server.id)
    await until('the end of every stream', 5000, () => streams.every(({ ending }) => ending !== undefined))
    const cut = streams.filter(({ ending }) => ending?.how === 'cut').length
    const log = await rig.logs(server.id)
    return {
      cut,
      // Its drain takes so long; theory cuts those whose turn comes after SIGKILL.
      due: Math.round(count - (defaultMs / 1000) * 200),
      killed: /still alive after 1600ms, sending SIGKILL[^\n]*/.exec(log)?.[0],
      drained: /"msg":"drained"/.test(log),
    }
  },
  judge: {
    broken: ({ cut, due, killed, drained }) => ({
      predicted: `about ${due} of ${count} streams cut, by SIGKILL`,
      measured: `${cut} of ${count} cut`,
      // Half or twice: a busy machine ends fewer in 1.6 s, or pm2 looks late.
      holds: killed !== undefined && !drained && cut > due / 2 && cut < Math.min(count, 2 * due),
      evidence: killed ?? 'no SIGKILL in the log',
    }),
    fixed: ({ cut, killed, drained }) => ({
      predicted: 'none cut',
      measured: `${cut} of ${count} cut`,
      holds: cut === 0 && killed === undefined && drained,
      evidence: 'the worker logs "drained"',
    }),
  },
})
