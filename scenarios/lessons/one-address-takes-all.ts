import { TestStream } from '@sse-lab/testkit/stream.ts'
import { callElsewhere } from '@sse-lab/testkit/call-elsewhere.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

// Places for streams in the server; what one subject and one address may have of them; and how many others come.
const places = 150
const ofSubject = 20
const ofAddress = 100
const otherCount = 10

export const oneAddressTakesAll = scenario({
  name: 'one-address-takes-all',
  title: 'One address takes every place for a stream',
  symptom:
    'New clients are turned away for hours, those that are in notice nothing, and all servers are idle. Nearly every stream comes from one address.',
  switch:
    'nginx.conf, and no SUBJECT_STREAMS_MAX to speak of, against production/nginx.conf and SUBJECT_STREAMS_MAX=20',
  because:
    'A bound over all streams protects the server, and nobody else: an open stream costs its client nothing, so whoever opens as many as the bound has all of them.',
  fix: 'A bound for each address in nginx, which holds for strangers, too, and one for each subject in the server, which holds for whoever has many addresses.',
  code: [
    { file: 'nginx/production/server.conf', text: 'limit_conn streams 100;' },
    { file: 'server/src/http/hold.ts', text: 'quotas.takeStream(subject)' },
  ],
  sides: {
    broken: { guarded: false, subjectStreamsMax: 1_000_000 },
    fixed: { guarded: true, subjectStreamsMax: ofSubject },
  },
  async measure(rig, { guarded, subjectStreamsMax }) {
    const issuer = await rig.issuer()
    const server = await rig.server({
      ...issuer.environment(),
      REDIS_URL: (await rig.redis()).url,
      CONNECTIONS_MAX: String(places),
      SUBJECT_STREAMS_MAX: String(subjectStreamsMax),
    })
    const { url } = await (guarded ? rig.guardedNginx(server.address) : rig.nginx(server.address))
    const stream = `${url}/events?topic=t`
    const names = ['mallory 1', 'mallory 2', 'mallory 3', 'mallory 4', 'mallory 5', 'mallory 6', 'alice']
    const [mallory, ...more] = await Promise.all(names.map(async name => await issuer.headers(name)))
    const alice = more.pop()

    const withOneToken = await take(stream, [mallory], 60)
    const withMore = await take(stream, more, 100)
    const others = await callElsewhere(stream, { count: otherCount, headers: alice ?? {}, seconds: 3 })
    return {
      withOneToken,
      taken: withOneToken + withMore,
      others: others.filter(line => line === 'event: hello').length,
      toldToComeBack: others.filter(line => line.startsWith('retry: ')).length,
    }
  },
  judge: {
    broken: ({ taken, others, toldToComeBack }) => ({
      predicted: `one address has ${places} of ${places} places; 0 of ${otherCount} others open`,
      measured: `one address has ${taken} of ${places} places; ${others} of ${otherCount} others open`,
      holds: taken === places && others === 0 && toldToComeBack === otherCount,
      evidence: `${toldToComeBack} of ${otherCount} others were told to come back later`,
    }),
    fixed: ({ withOneToken, taken, others }) => ({
      predicted: `one token has ${ofSubject}, one address ${ofAddress} of ${places} places; ${otherCount} of ${otherCount} others open`,
      measured: `one token has ${withOneToken}, one address ${taken} of ${places} places; ${others} of ${otherCount} others open`,
      holds: withOneToken === ofSubject && taken === ofAddress && others === otherCount,
    }),
  },
})

/** Asks for so many streams at once, by turns for each of the callers. Returns how many are open; they stay so. */
async function take(
  url: string,
  callers: readonly (Record<string, string> | undefined)[],
  count: number,
): Promise<number> {
  const streams = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      TestStream.open(url, { headers: callers[index % callers.length] ?? {} }),
    ),
  )
  await until('each stream to be open, or turned away', 10_000, () =>
    streams.every(({ hello, ending }) => hello !== undefined || ending !== undefined),
  )
  return streams.filter(({ hello }) => hello !== undefined).length
}
