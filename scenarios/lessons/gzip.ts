import { streamHeaders } from '@sse-lab/server/src/http/stream-headers.ts'
import { scenario } from '../scenario.ts'
import { judgeClients, twoClients } from '../rig/two-clients.ts'

export const gzip = scenario({
  name: 'gzip',
  title: 'The compression middleware holds events back',
  symptom:
    'Nothing arrives in the browser, curl -N shows everything; or events arrive in bursts after minutes. It began with app.use(compression()).',
  switch:
    'Cache-Control: no-cache against no-store, no-transform, in naive/gzip.ts with app.use(compression())',
  because:
    'The middleware takes text/event-stream for compressible and gives each write to zlib without a flush. zlib keeps it until its block is full: thousands of small events.',
  fix: 'Cache-Control: no-transform on every stream, which the middleware obeys.',
  code: [{ file: 'server/src/http/stream-headers.ts', text: "'Cache-Control': 'no-store, no-transform'" }],
  sides: {
    broken: 'no-cache',
    fixed: streamHeaders['Cache-Control'],
  },
  async measure(rig, cacheControl) {
    const server = await rig.process('scenarios/naive/gzip.ts', { CACHE_CONTROL: cacheControl })
    return await twoClients(server.url, rig.ms(500, 15_000))
  },
  judge: judgeClients,
})
