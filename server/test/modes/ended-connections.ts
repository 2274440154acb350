import { setTimeout as pause } from 'node:timers/promises'
import { openCluster } from '../../src/redis-cluster.ts'
import { linkOptions } from './link-options.ts'

// Opens connections to the cluster on the ports of its arguments, makes each anew at random moments, and ends it for good at one
// more. Then nothing is left to do: this process ends by itself.
const addresses = process.argv.slice(2).map(port => ({ host: '127.0.0.1', port: Number(port) }))

for (let n = 0; n < 30; n += 1) {
  const client = openCluster(addresses, linkOptions)
  client.on('error', () => undefined)
  for (let times = 0; times < 4; times += 1) {
    await pause(Math.random() * 60)
    client.disconnect(true)
  }
  await pause(Math.random() * 60)
  client.disconnect()
}
