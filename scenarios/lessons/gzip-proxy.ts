import { readWorkers } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'
import { judgeClients, twoClients } from '../rig/two-clients.ts'

export const gzipProxy = scenario({
  name: 'gzip-proxy',
  title: 'gzip in nginx holds events back, and the headers with them',
  symptom:
    'EventSource stays CONNECTING and onopen never fires, curl -N shows everything; no-transform does not help. It began with gzip_types.',
  switch: 'broken.conf against streaming.conf, both under gzip on; gzip_types text/event-stream;',
  because:
    'With proxy_buffering on, nginx asks its compressor for no flush: the headers and the events wait until deflate has filled a block. nginx does not look at Cache-Control: no-transform.',
  fix: 'gzip off; in the location of the streams.',
  code: [{ file: 'nginx/streaming.conf', text: 'gzip off;' }],
  sides: { broken: 8081, fixed: 80 },
  async measure(rig, port) {
    const server = await rig.server({ HEARTBEAT_MS: '0' })
    const nginx = await rig.nginx(server.address, text =>
      text.replace('include streaming.conf;', 'gzip on;\n    gzip_types text/event-stream;\n    $&'),
    )
    const joined = () =>
      until('the server to hold both streams', 3000, async () => {
        const { workers } = await readWorkers(server.url)
        return workers[0]?.connections === 2
      })
    return await twoClients(`http://${nginx.host}:${port}`, rig.ms(500, 15_000), joined)
  },
  judge: judgeClients,
})
