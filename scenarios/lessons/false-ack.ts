import { post } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { scenario } from '../scenario.ts'

const eventCount = 5

// The first fix that people find for deploy-502: it says "later" to a client, and to everyone else.
const laterToAll = (text: string) =>
  text
    .replace('error_page 502 503 504 = $when_away;', 'error_page 502 503 504 =200 @later;')
    .replace('location = /later {\n        internal;', 'location @later {')

export const falseAck = scenario({
  name: 'false-ack',
  title: 'The proxy acknowledges what nobody took',
  symptom: 'Events that were published during a deploy are missing, although each publish was answered 200.',
  switch:
    'error_page 502 503 504 =200 @later for every method, against streaming.conf, which says so to GET alone',
  because:
    '200 with a retry: line is right for a client while no server is there. A publisher takes the same 200 for an acknowledgement.',
  fix: 'Only GET is told "later"; any other method gets 503.',
  code: [
    { file: 'nginx/streaming.conf', text: 'default       /away;' },
    { file: 'nginx/streaming.conf', text: 'return 503' },
  ],
  sides: { broken: laterToAll, fixed: (text: string) => text },
  async measure(rig, change) {
    const redis = await rig.redis()
    const env = { REDIS_URL: redis.url }
    const server = await rig.server(env)
    const nginx = await rig.nginx(server.address, change)
    const acknowledged: string[] = []
    const statuses = new Set<number>()
    const publishAll = async (when: string) => {
      for (let sequence = 1; sequence <= eventCount; sequence += 1) {
        const { status } = await post(nginx.url, { topic: 't', data: `${when} ${sequence}` })
        if (status >= 200 && status < 300) acknowledged.push(`${when} ${sequence}`)
        if (when === 'away') statuses.add(status)
      }
    }
    await publishAll('before')
    await server.kill('SIGKILL')
    await publishAll('away')
    await rig.server({ ...env, PORT: String(server.port) })
    await publishAll('after')
    // The whole log, from its beginning: what the server took.
    const stream = await TestStream.open(`${nginx.url}/events?topic=t&lastEventID=0-0`)
    await stream.next(({ data }) => data === `after ${eventCount}`, { withinMs: 3000 })
    const taken = stream.events.map(({ data }) => data)
    const lost = acknowledged.filter(data => !taken.includes(data))
    return {
      acknowledged: acknowledged.length,
      taken: taken.length,
      lost,
      statuses: [...statuses].join(', '),
    }
  },
  judge: {
    broken: ({ acknowledged, taken, lost, statuses }) => ({
      predicted: `${3 * eventCount} acknowledged, ${2 * eventCount} taken`,
      measured: `${acknowledged} acknowledged, ${taken} taken`,
      holds:
        acknowledged === 3 * eventCount &&
        taken === 2 * eventCount &&
        lost.length === eventCount &&
        lost.every(data => data.startsWith('away')) &&
        statuses === '200',
      evidence: `answered ${statuses} and lost: ${lost.join(', ')}`,
    }),
    fixed: ({ acknowledged, taken, lost, statuses }) => ({
      predicted: `${2 * eventCount} acknowledged, ${2 * eventCount} taken`,
      measured: `${acknowledged} acknowledged, ${taken} taken`,
      holds:
        acknowledged === 2 * eventCount &&
        taken === 2 * eventCount &&
        lost.length === 0 &&
        statuses === '503',
      evidence: `answered ${statuses} while no server was there`,
    }),
  },
})
