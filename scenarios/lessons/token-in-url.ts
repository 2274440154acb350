import { z } from 'zod'
import { call } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { bearing } from '@sse-lab/server/test/support/issuer.ts'
import { accessEnv, topic } from '../rig/access.ts'
import { scenario } from '../scenario.ts'

const ticketAnswer = z.object({ ticket: z.string() })

/** Asks for the ticket of one stream, with the token where no log has it. */
async function newTicket(base: string, token: string): Promise<string> {
  const { body } = await call('POST', `${base}/events/tickets`, { headers: bearing(token) })
  return ticketAnswer.parse(JSON.parse(body)).ticket
}

export const tokenInUrl = scenario({
  name: 'token-in-url',
  title: 'The token of every stream stands in the access log',
  symptom:
    'Lines like GET /events?token=eyJhbGciOi… in the access log, in the log search and in error reports; somebody reads streams as somebody else.',
  switch: 'a token in the address against a ticket; the same nginx with its usual access log',
  because:
    'EventSource sets no header, so the token goes into the address. nginx writes the whole address of each request down, and so does every proxy, CDN and browser history. Whoever reads it has the token until it expires.',
  fix: 'A cookie; for the page of another site a ticket, which opens one stream within 30 s and is worth nothing after that.',
  code: [
    { file: 'server/src/access/tickets.ts', text: 'await redis.getdel(keyOf(ticket))' },
    { file: 'server/src/access/credentials.ts', text: "const cookieName = '__Host-sse'" },
  ],
  sides: {
    broken: {
      file: 'scenarios/naive/token-in-url.ts',
      query: async (_base: string, token: string) => `token=${token}`,
    },
    fixed: {
      file: 'server/src/main.ts',
      query: async (base: string, token: string) => `ticket=${await newTicket(base, token)}`,
    },
  },
  async measure(rig, { file, query }) {
    const count = rig.count(5, 50)
    const issuer = await rig.issuer([topic])
    const redis = await rig.redis()
    const server = await rig.process(file, accessEnv(issuer, redis.url))
    const nginx = await rig.nginx(server.address, text =>
      text.replace('access_log off;', 'access_log /dev/stdout combined;'),
    )
    const tokens = await Promise.all(Array.from({ length: count }, (_, n) => issuer.token(`client ${n}`)))
    for (const token of tokens) {
      await using stream = await TestStream.open(
        `${nginx.url}/events?topic=${topic}&${await query(nginx.url, token)}`,
      )
      await stream.greeted()
    }
    // nginx writes a request down when it has ended.
    const addresses = await until('a line of each stream', 5000, async () => {
      const found = (await rig.logs(nginx.id)).match(/(?<="GET )\/events\S+(?= HTTP\/1.1" 200)/g) ?? []
      return found.length === count && found
    })
    const log = await rig.logs(nginx.id)
    let opened = 0
    for (const address of addresses) {
      await using stream = await TestStream.open(`${nginx.url}${address}`)
      if (stream.status === 200) opened += 1
    }
    return { count, logged: tokens.filter(token => log.includes(token)).length, opened, line: addresses[0] }
  },
  judge: {
    broken: ({ count, logged, opened, line }) => ({
      predicted: `${count} of ${count} tokens in the log; each of them opens a stream`,
      measured: `${logged} of ${count} tokens in the log; ${opened} open a stream`,
      holds: logged === count && opened === count,
      evidence: `GET ${line?.slice(0, 60)}…`,
    }),
    fixed: ({ count, logged, opened, line }) => ({
      predicted: `0 tokens; ${count} used tickets, none of which opens a stream`,
      measured: `${logged} of ${count} tokens in the log; of ${count} tickets ${opened} open a stream`,
      holds: logged === 0 && opened === 0 && line?.includes('ticket=') === true,
      evidence: `GET ${line}`,
    }),
  },
})
