import { readFile } from 'node:fs/promises'
import { call } from '@sse-lab/testkit/publish.ts'
import { docker } from '@sse-lab/testkit/stack.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { scenario } from '../scenario.ts'

const ecosystem = new URL('../../server/ecosystem.config.cjs', import.meta.url)
const naive = new URL('../naive/dead-worker.mjs', import.meta.url)

export const deadWorkerOnline = scenario({
  name: 'dead-worker-online',
  title: 'An unhandled rejection leaves a dead worker "online"',
  symptom:
    'pm2 lists every worker as online, and none listens; the log has one stack trace from the start. After a dependency was away for a moment the service never comes back.',
  switch: 'naive/dead-worker.mjs against main.ts, both started while Redis is away',
  because:
    'pm2’s cluster mode listens for unhandledRejection and logs it, and with a listener Node goes on. A start that rejects never reaches listen(), and pm2 looks at processes, not at ports.',
  fix: 'End the process on an unhandled rejection, so that pm2 starts another; wait for Redis instead of failing; ask a port for health, not pm2.',
  code: [
    { file: 'server/src/main.ts', text: "'unhandledRejection', 'uncaughtException'" },
    { file: 'server/src/sse-process.ts', text: 'redis?.connect().catch' },
    { file: 'compose.yaml', text: 'test: [CMD, node, dist/cluster/healthcheck.js]' },
  ],
  sides: { broken: '/lab/server/dead-worker.mjs', fixed: '/lab/server/dist/main.js' },
  async measure(rig, script) {
    const redis = await rig.redis()
    const { link, address } = await rig.link(redis.address)
    await link.cut()
    const text = await readFile(ecosystem, 'utf8')
    const server = await rig.container(
      { WORKERS: '2', REDIS_URL: `redis://${address}` },
      {
        files: {
          '/lab/server/dead-worker.mjs': await readFile(naive, 'utf8'),
          '/lab/server/ecosystem.config.cjs': text
            .replace('`${__dirname}/dist/main.js`', `'${script}'`)
            // How pm2 counts a start that never says 'ready' is not the question here.
            .replace('wait_ready: true', 'wait_ready: false'),
        },
      },
    )
    // Both starts have met the absence.
    const said = /MaxRetriesPerRequestError|Redis is away/g
    const rejection = await until('both workers to meet the absence', 8000, async () => {
      const lines = (await rig.logs(server.id)).split('\n').filter(line => line.search(said) >= 0)
      return lines.length >= 2 ? lines[0]?.trim() : undefined
    })
    await link.mend()
    // As fast as a worker of the lab is back, with room.
    const answers = await until('an answer', rig.ms(2500, 15_000), async () => {
      return (await call('GET', `${server.url}/healthz`, { withinMs: 1000 })).status === 200
    }).catch(() => false)
    const list = await docker('exec', server.id, 'pm2', 'jlist')
    return { answers, online: list.match(/"status":"online"/g)?.length ?? 0, rejection }
  },
  judge: {
    broken: ({ answers, online, rejection }) => ({
      predicted: 'pm2 says 2 online; nobody answers when Redis is back',
      measured: `pm2 says ${online} online; ${answers ? 'answers' : 'no answer'}`,
      holds: online === 2 && !answers && rejection.includes('MaxRetriesPerRequestError'),
      evidence: rejection,
    }),
    fixed: ({ answers, online, rejection }) => ({
      predicted: 'answers when Redis is back',
      measured: `pm2 says ${online} online; ${answers ? 'answers' : 'no answer'}`,
      holds: online === 2 && answers,
      evidence: rejection,
    }),
  },
})
