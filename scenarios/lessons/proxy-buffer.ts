import { setTimeout as pause } from 'node:timers/promises'
import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const largeBytes = 6 * 1024

export const proxyBuffer = scenario({
  name: 'proxy-buffer',
  title: 'nginx delays the end of large events',
  symptom:
    'An event arrives only when the next one is published; small events are fine, larger ones come one late.',
  switch: 'broken.conf against streaming.conf: proxy_buffering',
  because:
    'nginx reads the answer into buffers of 4 KiB, and waits until one is full or the answer is over. Small chunks it passes on at once; the end of one that begins in one buffer and ends in the next waits for more bytes.',
  fix: 'proxy_buffering off for the streams, and X-Accel-Buffering: no from the server.',
  code: [
    { file: 'nginx/streaming.conf', text: 'proxy_buffering off;' },
    { file: 'server/src/http/stream-headers.ts', text: "'X-Accel-Buffering': 'no'" },
  ],
  sides: { broken: 8081, fixed: 80 },
  async measure(rig, port) {
    // No heartbeat: nothing but what is published moves on these streams.
    const server = await rig.server({ HEARTBEAT_MS: '0' })
    const nginx = await rig.nginx(server.address)
    const direct = await TestStream.openGreeted(`${server.url}/events`)
    const proxied = await TestStream.open(`http://${nginx.host}:${port}/events`, { keepText: true })
    await proxied.greeted()
    const helloBytes = proxied.text.length
    const large = await publish(server.url, { topic: 'lobby', data: 'x'.repeat(largeBytes) })
    await direct.next(({ id }) => id === large.id, { withinMs: 3000 })
    await pause(rig.ms(1000, 15_000))
    const alone = proxied.events.length
    const aloneBytes = proxied.text.length - helloBytes
    const small = await publish(server.url, { topic: 'lobby', data: 'push' })
    const ids = await until('both events', 3000, () => {
      const seen = proxied.events.map(({ id }) => id)
      return seen.length === 2 && seen
    })
    return { alone, aloneBytes, inOrder: ids[0] === large.id && ids[1] === small.id }
  },
  judge: {
    broken: ({ alone, aloneBytes, inOrder }) => ({
      predicted: 'its first 4 KiB without its end; both events when the next one is published',
      measured: `${aloneBytes} of ${largeBytes} bytes and ${alone} events, then ${inOrder ? 'both' : 'others'}`,
      holds: alone === 0 && aloneBytes > 0 && aloneBytes < largeBytes && inOrder,
      evidence: 'a client without the proxy had the event all the time',
    }),
    fixed: ({ alone, inOrder }) => ({
      predicted: 'the whole event at once',
      measured: `${alone} event, then ${inOrder ? 'the next' : 'others'}`,
      holds: alone === 1 && inOrder,
    }),
  },
})
