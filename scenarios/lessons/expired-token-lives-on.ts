import { setTimeout as pause } from 'node:timers/promises'
import { call, publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { bearing } from '@sse-lab/server/test/support/issuer.ts'
import { accessEnv, topic } from '../rig/access.ts'
import { scenario } from '../scenario.ts'

// What docs/access.md promises of a revocation.
const revocationMs = 3000

export const expiredTokenLivesOn = scenario({
  name: 'expired-token-lives-on',
  title: 'A stream goes on when its token has expired, or was revoked',
  symptom:
    'Somebody who has signed out, or was dismissed, still receives events, for hours; every other call of theirs is answered 401.',
  switch: 'naive/expired-token-lives-on.ts against the lab’s server with AUTH=jwt',
  because:
    'The token is checked when a request comes. A stream is one request, and lasts for as long as nothing cuts it: what was true at its beginning is never asked again.',
  fix: 'A stream ends before its token does; each worker reads what is revoked once a second, and ends the streams that it means.',
  code: [
    { file: 'server/src/http/stream-bounds.ts', text: 'expiresAt - Date.now() - sweepSpareMs' },
    { file: 'server/src/access/revocations.ts', text: 'if (isIn(changed, token)) end()' },
    { file: 'server/src/access/authorize.ts', text: 'revocations.watch(verified, end)' },
  ],
  sides: { broken: 'scenarios/naive/expired-token-lives-on.ts', fixed: 'server/src/main.ts' },
  async measure(rig, file) {
    const [lifeMs, watchMs, betweenMs] = [rig.ms(3000, 10_000), rig.ms(3200, 30_000), rig.ms(100, 500)]
    const issuer = await rig.issuer([topic])
    const { url } = await rig.redis()
    const env = accessEnv(issuer, url)
    const server = await rig.process(file, env)
    const publisher = bearing(await issuer.token('publisher'))
    const open = async (token: string) =>
      await TestStream.open(`${server.url}/events?topic=${topic}`, { headers: bearing(token) })

    const expiresAt = Date.now() + lifeMs
    const alice = await open(await issuer.token('alice', { endsAt: expiresAt }))
    const bobsToken = await issuer.token('bob')
    const bob = await open(bobsToken)
    const told = await revoke(env.ADMIN_PORT, 'bob')
    const revokedAt = Date.now()
    const publishedAt: number[] = []
    while (Date.now() < Math.max(expiresAt, revokedAt) + watchMs) {
      const now = Date.now()
      await publish(server.url, { topic, data: String(now) }, publisher)
      publishedAt.push(now)
      await pause(betweenMs)
    }

    const back = await open(bobsToken)
    return {
      expired: arrivals(alice).filter(at => at > expiresAt).length,
      // How long its events went on.
      revokedSeconds: Math.max(0, ...arrivals(bob).map(at => at - revokedAt)) / 1000,
      published: publishedAt.filter(at => at > expiresAt).length,
      open: [alice, bob].filter(({ ending }) => ending === undefined).length,
      before: arrivals(alice).some(at => at < expiresAt),
      watchSeconds: watchMs / 1000,
      told: `${told}, then ${back.status} for a new stream`,
    }
  },
  judge: {
    broken: ({ expired, revokedSeconds, published, open, before, watchSeconds, told }) => ({
      predicted: `both go on for ${watchSeconds} s: every event after the expiry, and later than ${revocationMs / 1000} s after the revocation`,
      measured: `${open} of 2 still open; ${expired} of ${published} events after the expiry; the revoked one went on for ${revokedSeconds.toFixed(1)} s`,
      holds: open === 2 && expired === published && revokedSeconds * 1000 > revocationMs && before,
      evidence: `the revocation was answered ${told}`,
    }),
    fixed: ({ expired, revokedSeconds, published, open, before, told }) => ({
      predicted: `no event after the expiry, and none later than ${revocationMs / 1000} s after the revocation`,
      measured: `${open} of 2 still open; ${expired} of ${published} events after the expiry; the revoked one went on for ${revokedSeconds.toFixed(1)} s`,
      holds: open === 0 && expired === 0 && revokedSeconds * 1000 <= revocationMs && before,
      evidence: `the revocation was answered ${told}`,
    }),
  },
})

/** Revokes all tokens of a subject, as an operator does. Returns the status of the answer. */
async function revoke(adminPort: string, sub: string): Promise<number> {
  const { status } = await call('POST', `http://127.0.0.1:${adminPort}/api/revocations`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sub }),
  })
  return status
}

// When the events of a client were published: their data says so. token-expired has none.
function arrivals(stream: TestStream): number[] {
  return stream.events.filter(({ data }) => data !== '').map(({ data }) => Number(data))
}
