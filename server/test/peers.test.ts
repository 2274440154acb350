import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  container,
  serverContainers,
  setSysctl,
  docker,
  listWorkers,
  network,
  stackReady,
  startNginx,
  startClient,
  startServer,
} from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'

test('a client that vanishes without a word is gone from the server soon, with and without nginx', async () => {
  // No other streams: what this server holds is what the test opened.
  await using server = await startServer('half-open', {
    BUS: 'memory',
    WORKERS: '1',
    HEARTBEAT_MS: '300',
  })
  await using proxy = await startNginx('half-open-nginx', text =>
    text.replace('server server:3000', 'server half-open:3000'),
  )
  await until('the server', 20_000, async () => (await connections()) === 0)
  for (const it of [server, proxy]) await setSysctl(it.getId(), 'net/ipv4/tcp_retries2', '3') // about 3 s
  await using direct = await startClient('http://half-open:3000/events')
  await using proxied = await startClient('http://half-open-nginx/events')
  await until('both streams', 10_000, async () => (await connections()) === 2)

  // No FIN and no RST gets out: this is a closed lid, or a NAT that forgot.
  for (const client of [direct, proxied]) await docker('network', 'disconnect', network, client.getId())

  await until('both to be given up', 30_000, async () => (await connections()) === 0)
})

test('the containers of the lab give up on a vanished client within two minutes', async () => {
  await stackReady()

  for (const it of [...(await serverContainers()), container('nginx'), container('server-broken')]) {
    const retries = await docker('exec', it, 'cat', '/proc/sys/net/ipv4/tcp_retries2')
    // Linux doubles the wait from 0.2 s at each try: 7 of them are 51 s, after a heartbeat of at most 15 s.
    assert.equal(Number(retries), 7)
  }
})

async function connections(): Promise<number | undefined> {
  return (await listWorkers('http://half-open:3000'))[0]?.connections
}
