import { call } from '@sse-lab/testkit/publish.ts'
import { closeStreams, TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const debians = 150

export const departedReadersHoldWorkers = scenario({
  name: 'departed-readers-hold-workers',
  title: 'Clients that have left still hold the workers of Apache',
  symptom:
    'Behind Apache new streams hang, and so does the rest of the site, although hardly anyone is connected: “server reached MaxRequestWorkers setting”.',
  switch: 'HEARTBEAT_MS=0 against a heartbeat, behind Apache with Debian’s modules',
  because:
    'A worker of Apache waits for the next bytes of the server, and does not look at the client meanwhile. It notices that the client has left when it writes to it, and on a quiet stream there is nothing to write.',
  fix: 'A heartbeat: the second one that cannot be written frees the worker. And MaxRequestWorkers above the number of streams.',
  code: [{ file: 'server/src/sse-process.ts', text: 'beat(heartbeatMs' }],
  sides: { broken: { heartbeats: false }, fixed: { heartbeats: true } },
  async measure(rig, { heartbeats }) {
    const workers = rig.count(10, debians)
    const heartbeatMs = rig.ms(400, 15_000)
    const server = await rig.server({ HEARTBEAT_MS: `${heartbeats ? heartbeatMs : 0}` })
    const proxy = await rig.proxy(
      ['apache2', '-DFOREGROUND', '-d', '/etc/apache2', '-f'],
      'scenarios/naive/apache.conf',
      server.address,
      text =>
        text
          .replace('ThreadsPerChild 25', `ThreadsPerChild ${Math.min(25, workers)}`)
          .replace('MaxRequestWorkers 150', `MaxRequestWorkers ${workers}`),
    )
    const held = async () => {
      const { body } = await call('GET', `${server.url}/metrics`)
      return Number(/^sse_connections(?:{[^}]*})? (\d+)$/m.exec(body)?.[1])
    }
    for (let index = 0; index < workers; index += 1) await TestStream.openGreeted(`${proxy.url}/events`)
    const before = await held()
    closeStreams()
    // Three heartbeats and some: whoever notices by writing has noticed by then.
    const waitedMs = 4 * heartbeatMs
    await until('the workers to be free', waitedMs, async () => (await held()) === 0).catch(() => false)
    const stillHeld = await held()
    const answer = await call('GET', `${proxy.url}/healthz`, { withinMs: rig.ms(1500, 10_000) }).catch(
      () => undefined,
    )
    return { workers, before, stillHeld, waitedMs, status: answer?.status }
  },
  judge: {
    broken: ({ workers, before, stillHeld, waitedMs, status }) => ({
      predicted: `${workers} of ${workers} workers held ${waitedMs / 1000} s after all clients have left, and nobody else is answered`,
      measured: `${stillHeld} of ${workers} held, ${answered(status)}`,
      holds: before === workers && stillHeld === workers && status === undefined,
    }),
    fixed: ({ workers, before, stillHeld, status }) => ({
      predicted: 'all workers free, and a new client is answered',
      measured: `${stillHeld} of ${workers} held, ${answered(status)}`,
      holds: before === workers && stillHeld === 0 && status === 200,
    }),
  },
})

function answered(status: number | undefined): string {
  return status === undefined ? 'a new client has no answer' : `a new client is answered ${status}`
}
