import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { scenario } from '../scenario.ts'

// The lab's for one subject, and the naive server's for all together.
const keysMax = 5000
const tooMany = 50
const connections = 32

export const keysExhausted = scenario({
  name: 'keys-exhausted',
  title: 'One caller’s Idempotency-Keys push out everyone’s',
  symptom:
    'Duplicate events although every publisher sends an Idempotency-Key: repeated seconds after the first time, the key is not known any more. Or every publish with a key is refused.',
  switch:
    'naive/keys-exhausted.ts (a Map of 5,000 keys, without the oldest when it is full) against the lab’s keys: 5,000 of each subject',
  because:
    'What remembers keys is bounded. Where all callers share it, one that sends a new key with each publish has all of it, and the keys of the others are forgotten before they are repeated.',
  fix: 'Keys are kept by subject, and so many of each. Past its own bound a subject is refused, and told so; nothing is forgotten early.',
  code: [
    { file: 'server/src/bus/streams/addition.ts', text: '${known}:${hashOf(once.owner)}' },
    { file: 'server/src/bus/streams/scripts.ts', text: 'export const ownKeysMax = 5000' },
  ],
  sides: {
    broken: 'scenarios/naive/keys-exhausted.ts',
    fixed: 'server/src/main.ts',
  },
  async measure(rig, file) {
    const issuer = await rig.issuer()
    const [mallory, alice] = await Promise.all([issuer.headers('mallory'), issuer.headers('alice')])
    const server = await rig.process(file, {
      ...issuer.environment(),
      REDIS_URL: (await rig.redis()).url,
      // It is the keys that must end first.
      SUBJECT_PUBLISHES_PER_SECOND_MAX: '1000000',
    })
    await using stream = await TestStream.open(`${server.url}/events?topic=orders`, { headers: alice })
    await stream.greeted()
    const order = { topic: 'orders', data: 'order 4711' }
    const key = { ...alice, 'idempotency-key': randomUUID() }

    const first = await publish(server.url, order, key)
    const statuses = await sendKeys(server.url, mallory, keysMax + tooMany)
    const repeated = await publish(server.url, order, key)
    const fresh = { ...alice, 'idempotency-key': randomUUID() }
    const last = await publish(server.url, { topic: 'orders', data: 'last' }, fresh)
    await stream.next(({ id }) => id === last.id, { withinMs: 3000 })
    const copies = stream.events.filter(({ data }) => data === order.data).map(({ id }) => id)
    const refused = statuses.filter(status => status === 503).length
    const accepted = statuses.filter(status => status === 202).length
    return { firstId: first.id, repeatedId: repeated.id, copies, accepted, refused }
  },
  judge: {
    broken: ({ firstId, repeatedId, copies, accepted, refused }) => ({
      predicted: `one caller’s ${keysMax + tooMany} keys are taken; another’s repeated publish is 2 events of 1`,
      measured: `${accepted} keys taken, ${refused} refused; ${copies.length} events of 1`,
      holds:
        accepted === keysMax + tooMany &&
        firstId !== repeatedId &&
        copies.join() === [firstId, repeatedId].join(),
      evidence: `first as ${firstId}, repeated as ${repeatedId}`,
    }),
    fixed: ({ firstId, repeatedId, copies, accepted, refused }) => ({
      predicted: `${keysMax} of one caller’s keys are taken; another’s repeated publish is 1 event of 1`,
      measured: `${accepted} keys taken, ${refused} refused; ${copies.length} event of 1`,
      holds:
        accepted === keysMax && refused === tooMany && firstId === repeatedId && copies.join() === firstId,
      evidence: `the repetition was answered with the id of the first, ${firstId}`,
    }),
  },
})

/** Publishes so many events, each with a key of its own. Returns the status of each. */
async function sendKeys(
  base: string,
  headers: Record<string, string>,
  count: number,
): Promise<(number | undefined)[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const json = { ...headers, 'content-type': 'application/json' }
  const send = async () => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { method: 'POST', agent, headers: { ...json, 'idempotency-key': randomUUID() } }
      request(`${base}/events`, options, resolve).on('error', reject).end('{"topic":"noise","data":1}')
    })
    await once(response.resume(), 'end')
    return response.statusCode
  }
  return await Promise.all(Array.from({ length: count }, send)).finally(() => agent.destroy())
}
