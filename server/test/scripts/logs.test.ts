import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Copy } from './fakes.ts'

/** What a normal start and stop looks like, word for word but for most of its lines. */
const chatter = `server-1         | 2026-11-26T18:00:11: PM2 log: Launching in no daemon mode
server-1         | 2026-11-26T18:00:11: PM2 log: App [server:0] starting in -cluster mode-
server-1         | 2026-11-26T18:00:12: PM2 log: App [server:0] online
server-1         | 2026-11-26T18:00:51: PM2 log: Stopping app:server id:0
server-1         | 2026-11-26T18:00:51: PM2 log: App name:server id:2 disconnected
server-1         | 2026-11-26T18:00:51: PM2 log: App [server:2] exited with code [0] via signal [SIGINT]
server-1         | 2026-11-26T18:00:51: PM2 log: pid=31 msg=process tree killed (1 pids)
server-1         | 2026-11-26T18:00:51: PM2 log: PM2 successfully stopped
redis-1          | 1:C 26 Nov 2026 18:00:09.631 # WARNING Memory overcommit must be enabled! Without it, a background save
redis-1          | 1:C 26 Nov 2026 18:00:09.631 * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo
redis-1          | 1:M 26 Nov 2026 18:00:09.638 * DB loaded from append only file: 0.005 seconds`

const facts = `server-1         | {"level":"info","worker":"4e954c2d37ef/dd5110/0","pid":18,"bus":"streams","port":3000,"msg":"ready"}
server-1         | config: WORKERS must be an integer 1-256 (got "abc")
server-1         | 2026-11-26T18:00:51: PM2 log: App [server:1] exited with code [1] via signal [SIGINT]
server-1         | 2026-11-26T18:00:51: PM2 log: Script had too many unstable restarts (16). Stopped. "errored"
redis-1          | 1:M 26 Nov 2026 18:00:09.639 * Ready to accept connections tcp
redis-1          | 1:M 26 Nov 2026 18:00:10.000 # Can't save in background: fork: Cannot allocate memory
nginx-1          | 2026/11/26 18:00:51 [error] 6#6: *7 connect() failed (111: Connection refused) while connecting to upstream`

function printing(text: string, andThen = ''): Record<string, string> {
  return { docker: `[ "$3 $4" = 'never logs' ] || exit 9\ncat <<'END'\n${text}\nEND\n${andThen}` }
}

test('the chatter of a normal start and stop is left out, and everything else is shown', async () => {
  const lines = [chatter.split('\n'), facts.replace('"info"', '30').split('\n')]
  const mixed = lines[0]?.flatMap((line, at) => [line, lines[1]?.[at] ?? []].flat()) ?? []
  // As compose 2.26 begins each of its lines.
  await using copy = await Copy.make(printing(mixed.map(line => `\u001B[2K${line}`).join('\n')))

  assert.deepEqual(await copy.run(['scripts/logs.sh', '--tail', '50']), {
    code: 0,
    out: `${facts}\n`,
    error: '',
  })
})

const away = (name: string) =>
  `nginx-1 | 2026/11/26 18:00:53 [error] 6#6: ${name} could not be resolved (3: Host not found)`

test('a name that nginx looks for every two seconds is told once a minute', async () => {
  const lines = Array.from({ length: 31 }, () => [away('server'), away('server-broken')]).flat()
  await using copy = await Copy.make(printing(lines.join('\n')))

  const { out } = await copy.run(['scripts/logs.sh'])

  assert.equal(out, `${[...lines.slice(0, 2), ...lines.slice(-2)].join('\n')}\n`)
})

test('a line is shown as soon as it is said', async () => {
  await using copy = await Copy.make(printing(facts, 'until [ -e over ]; do sleep 0.05; done'))
  const script = `scripts/logs.sh --follow >out &
    for turn in {1..100}; do grep -q refused out && break; sleep 0.05; done
    cat out; touch over; wait`

  assert.equal((await copy.run(['bash', '-c', script])).out, `${facts}\n`)
})
