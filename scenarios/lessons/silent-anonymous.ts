import { call, publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { bearing } from '@sse-lab/server/test/support/issuer.ts'
import { accessEnv, topic, withCookie } from '../rig/access.ts'
import { scenario } from '../scenario.ts'

export const silentAnonymous = scenario({
  name: 'silent-anonymous',
  title: 'A bad token makes a guest, who hears nothing and is not told',
  symptom:
    'The stream is open, readyState is 1, there is no error, and no event ever comes; after signing in again they do. It begins about an hour after the page was loaded.',
  switch: 'naive/silent-anonymous.ts against the lab’s server with AUTH=jwt',
  because:
    'A check that fails is caught, and the caller goes on as nobody, whose stream holds only what is public. To the client that looks like a topic on which nothing happens.',
  fix: 'No token, or a bad one, is answered 401; one that has just expired is told so on a stream. Both are counted.',
  code: [
    { file: 'server/src/http/access.ts', text: 'if (grant === undefined) throw nobody()' },
    {
      file: 'server/src/access/token.ts',
      text: "return new Refusal('unauthorized', 'The token is not valid.'",
    },
    { file: 'server/src/observe/metrics.ts', text: "name: 'sse_refused_total'" },
  ],
  sides: { broken: 'scenarios/naive/silent-anonymous.ts', fixed: 'server/src/main.ts' },
  async measure(rig, file) {
    const issuer = await rig.issuer([topic])
    const other = await rig.issuer([topic])
    const { url } = await rig.redis()
    const env = accessEnv(issuer, url)
    const server = await rig.process(file, env)
    const open = async (headers: Record<string, string>) =>
      await TestStream.open(`${server.url}/events?topic=${topic}`, { headers })
    const now = Date.now()
    const good = await open(withCookie(await issuer.token('alice')))
    const bad = {
      none: await open({}),
      forged: await open(withCookie(await other.token('alice'))),
      'for elsewhere': await open(withCookie(await issuer.token('alice', { audience: 'shop' }))),
      'an hour too old': await open(withCookie(await issuer.token('alice', { endsAt: now - 3_600_000 }))),
      'a minute too old': await open(withCookie(await issuer.token('alice', { endsAt: now - 60_000 }))),
    }
    await good.greeted()
    const all = Object.values(bad)
    await until('hello, or the end, of each', 3000, () =>
      all.every(({ hello, ending }) => hello !== undefined || ending !== undefined),
    )
    const publisher = bearing(await issuer.token('publisher'))
    const { id } = await publish(server.url, { topic, data: 'private' }, publisher)
    await good.next(event => event.id === id, { withinMs: 3000 })
    const metrics = await call('GET', `http://127.0.0.1:${env.ADMIN_PORT}/metrics`).catch(() => undefined)
    return {
      bad: all.length,
      open: all.filter(({ ending }) => ending === undefined).length,
      heard: all.flatMap(({ events }) => events).filter(({ data }) => data === 'private').length,
      told: Object.entries(bad)
        .filter(([, { status, events }]) => status === 401 || events.some(it => it.event === 'token-expired'))
        .map(([name]) => name),
      counted: [...(metrics?.body ?? '').matchAll(/^sse_refused_total{.*} (\d+)$/gm)].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
      ),
      answers: Object.entries(bad).map(([name, { status }]) => `${name}: ${status}`),
    }
  },
  judge: {
    broken: ({ bad, open, heard, told, counted, answers }) => ({
      predicted: `${bad} of ${bad} streams open and empty; nobody is told, nothing is counted`,
      measured: `${open} of ${bad} open, ${heard} events; ${told.length} told, ${counted} counted`,
      holds: open === bad && heard === 0 && told.length === 0 && counted === 0,
      evidence: answers.join(', '),
    }),
    fixed: ({ bad, open, heard, told, counted, answers }) => ({
      predicted: `0 open; ${bad} of ${bad} told, and counted`,
      measured: `${open} of ${bad} open, ${heard} events; ${told.length} told, ${counted} counted`,
      holds: open === 0 && heard === 0 && told.length === bad && counted === bad,
      evidence: answers.join(', '),
    }),
  },
})
