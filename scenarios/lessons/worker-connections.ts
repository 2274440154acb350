import { TestStream } from '@sse-lab/testkit/stream.ts'
import { scenario } from '../scenario.ts'

const streamCount = 20
const few = 32
// What one nginx worker needs for itself: its two listening sockets, the channel to the master, and the socket of the
// resolver. Each stream takes two of the rest: one towards the client and one towards the server.
const ownConnections = 4
const streamsOfFew = (few - ownConnections) / 2

export const workerConnections = scenario({
  name: 'worker-connections',
  title: 'nginx refuses streams long before the server is full',
  symptom:
    '“worker_connections are not enough”: past some hundreds of streams new ones are reset, or answered 500, and so is everything else.',
  switch: `worker_connections ${few} against the lab’s 20000, with one nginx worker`,
  because: `A stream holds two connections of an nginx worker for as long as it is open, and the worker needs some for itself: (${few} − ${ownConnections}) / 2 = ${streamsOfFew} streams. The default is 512, which is about 250 streams.`,
  fix: 'worker_connections of more than twice the streams of a worker, and worker_rlimit_nofile not below it.',
  code: [
    { file: 'nginx/nginx.conf', text: 'worker_connections 20000;' },
    { file: 'nginx/nginx.conf', text: 'worker_rlimit_nofile 20000;' },
  ],
  sides: {
    broken: (text: string) => text.replace('worker_connections 20000;', `worker_connections ${few};`),
    fixed: (text: string) => text,
  },
  async measure(rig, change) {
    const server = await rig.server()
    const nginx = await rig.nginx(server.address, text =>
      change(text).replace('worker_processes auto;', 'worker_processes 1;'),
    )
    let open = 0
    const refused = new Set<string>()
    for (let index = 0; index < streamCount; index += 1) {
      try {
        const stream = await TestStream.open(`${nginx.url}/events`)
        if (stream.status !== 200) throw new Error(String(stream.status))
        await stream.greeted()
        open += 1
      } catch (error) {
        refused.add(error instanceof Error ? error.message : String(error))
      }
    }
    const log = await rig.logs(nginx.id)
    const notEnough = log.match(/\d+ worker_connections are not enough/g) ?? []
    return { open, refused: [...refused].join(', '), notEnough: notEnough.length, line: notEnough[0] }
  },
  judge: {
    broken: ({ open, refused, notEnough, line }) => ({
      predicted: `${streamsOfFew} of ${streamCount} streams open, then refusals`,
      measured: `${open} of ${streamCount} streams open; ${refused}`,
      holds: open === streamsOfFew && notEnough >= streamCount - streamsOfFew,
      evidence: `${notEnough} × ${line}`,
    }),
    fixed: ({ open, notEnough }) => ({
      predicted: `${streamCount} of ${streamCount} streams open`,
      measured: `${open} of ${streamCount} streams open`,
      holds: open === streamCount && notEnough === 0,
    }),
  },
})
