import { call, post } from '@sse-lab/testkit/publish.ts'
import { scenario } from '../scenario.ts'

// Node waits this much longer than its keepAliveTimeout, so that whoever was told the time does not meet the end of it.
const bufferMs = 1000

export const staleKeepalive = scenario({
  name: 'stale-keepalive',
  title: 'A publish meets a connection that Node is just closing',
  symptom:
    'Now and then a POST is answered 502, “upstream prematurely closed connection” or “recv() failed (104: Connection reset by peer)”; a GET never.',
  switch: 'the proxy file without and with keepalive 0;, before the same Node server',
  because:
    'nginx keeps an idle connection for 60 s, Node for 5 s. A request that is on its way when Node’s timer fires is answered by a reset. nginx repeats it elsewhere if it is a GET; a POST it must not repeat.',
  fix: 'keepalive 0; or a keepAliveTimeout of Node above nginx’s keepalive_timeout.',
  code: [{ file: 'nginx/streaming.conf', text: 'keepalive 0;' }],
  sides: {
    broken: (text: string) => text.replaceAll('    keepalive 0;\n', ''),
    fixed: (text: string) => text,
  },
  async measure(rig, change) {
    const keepAliveMs = rig.ms(200, 5000)
    const server = await rig.process('scenarios/naive/stale-keepalive.ts', {
      KEEP_ALIVE_MS: String(keepAliveMs),
    })
    // Each nginx worker keeps connections of its own: both publishes must meet the same one.
    const nginx = await rig.nginx(server.address, text =>
      change(text).replace('worker_processes auto;', 'worker_processes 1;'),
    )
    const first = await post(nginx.broken, { topic: 't', data: 'first' })
    // Busy past the timer: when the loop goes on, timers come before what has arrived meanwhile.
    await call('GET', `${server.url}/work?ms=${keepAliveMs + bufferMs + 300}`)
    const second = await post(nginx.broken, { topic: 't', data: 'second' })
    const third = await post(nginx.broken, { topic: 't', data: 'third' })
    const log = await rig.logs(nginx.id)
    const line = /(recv\(\) failed \(104[^)]*\)|upstream prematurely closed connection) while [a-z ]+/.exec(
      log,
    )
    return { statuses: [first, second, third].map(({ status }) => status).join(', '), line: line?.[0].trim() }
  },
  judge: {
    broken: ({ statuses, line }) => ({
      predicted: '202, 502, 202',
      measured: statuses,
      holds: statuses === '202, 502, 202' && line !== undefined,
      ...(line !== undefined && { evidence: line }),
    }),
    fixed: ({ statuses, line }) => ({
      predicted: '202, 202, 202',
      measured: statuses,
      holds: statuses === '202, 202, 202' && line === undefined,
      ...(line !== undefined && { evidence: line }),
    }),
  },
})
