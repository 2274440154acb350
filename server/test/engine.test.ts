import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'

/**
 * scripts/engine.sh on a machine of its own: a container without an engine, where `docker` and `dockerd` are fakes. This
 * docker answers when there is a file /engine; this dockerd leaves a line in /started, and one in its log.
 */
const script = await readFile(new URL('../../scripts/engine.sh', import.meta.url), 'utf8')

const machine = `
put() { cat >"/usr/local/sbin/$1" && chmod +x "/usr/local/sbin/$1"; }
put docker <<'END'
#!/bin/sh
[ "$1" != info ] || [ -e /engine ] || { echo 'Cannot connect to the Docker daemon. Is it running?' >&2; exit 1; }
END
put dockerd <<'END'
#!/bin/sh
echo started >>/started
echo 'a line of the new engine'
touch /engine
exec sleep 300
END
# A program of any name that runs for as long as the test does.
runs() { put "$1" <<'END'
#!/bin/sh
while :; do sleep 1; done
END
"$1" & }
echo 'a line of the old engine' >/var/log/dockerd.log
export HOME=/root
mkdir -p /root/.docker
cat >/engine.sh
`

// Where it waits in vain: its seconds are short. It counts them, and looks at no clock.
const shortSeconds = `put sleep <<'END'
#!/bin/sh
[ "$1" != 1 ] || set -- 0.05
exec /bin/sleep "$@"
END
`

/** What the script said and did, after `arrange` made the machine what it is. */
type Outcome = { code: number; said: string; started: number; log: string }

async function runEngine(arrange: string): Promise<Outcome> {
  const report = 'echo "--$code--$(cat /started 2>/dev/null | wc -l)--$(cat /var/log/dockerd.log)"'
  const all = `${machine}\n${arrange}\nbash /engine.sh 2>&1; code=$?; sleep 0.3; ${report}`
  const words = [
    'run',
    '--rm',
    '--interactive',
    '--init',
    '--user',
    '0',
    '--network',
    'none',
    '--entrypoint',
    'bash',
  ]
  const child = spawn('docker', [...words, 'sse-lab/server', '-c', all], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(script)
  const [said = '', code, started, log = ''] = (await text(child.stdout)).split('--')
  return { code: Number(code), said, started: Number(started), log: log.trim() }
}

function assertLeft({ code, started, log }: Outcome): void {
  assert.deepEqual([code, started, log], [1, 0, 'a line of the old engine'])
}

describe('scripts/engine.sh', { concurrency: 4 }, () => {
  const told: [string, string, RegExp][] = [
    [
      'DOCKER_HOST',
      'export DOCKER_HOST=unix:///nowhere.sock',
      /DOCKER_HOST=unix:\/\/\/nowhere\.sock \(Cannot.*unset DOCKER_HOST/,
    ],
    ['DOCKER_CONTEXT', 'export DOCKER_CONTEXT=far', /context 'far'.*unset DOCKER_CONTEXT/],
    [
      'a context in use',
      `echo '{"auths":{},"currentContext":"far"}' >/root/.docker/config.json`,
      /context 'far'.*docker context use default/,
    ],
    [
      'a context in use of another configuration',
      `export DOCKER_CONFIG=/other; mkdir /other; printf '{\\n\\t"currentContext": "far"\\n}' >/other/config.json`,
      /context 'far'/,
    ],
    [
      'DOCKER_HOST, without a docker command',
      'rm /usr/local/sbin/docker; export DOCKER_HOST=tcp://far:2375',
      /tcp:\/\/far:2375/,
    ],
  ]
  for (const [what, arrange, line] of told) {
    test(`starts no engine where ${what} says which to ask`, async () => {
      const outcome = await runEngine(arrange)

      assert.match(outcome.said, line)
      assertLeft(outcome)
    })
  }

  const beside: [string, string, RegExp][] = [
    ['a dockerd that runs', 'runs dockerd', /dockerd runs as process \d+, but no engine answers/],
    [
      'a pid file whose process runs',
      'runs moby; echo $! >/var/run/docker.pid',
      /docker\.pid names process \d+, which runs, but no engine answers/,
    ],
    [
      'a socket that somebody listens on',
      `node -e "require('net').createServer().listen('/var/run/docker.sock')" & until [ -S /var/run/docker.sock ]; do sleep 0.1; done`,
      /something listens on \/var\/run\/docker\.sock, but no engine answers/,
    ],
  ]
  for (const [what, arrange, line] of beside) {
    test(`starts no engine beside ${what} and does not answer`, async () => {
      const outcome = await runEngine(shortSeconds + arrange)

      assert.match(outcome.said, line)
      assertLeft(outcome)
    })
  }

  test('waits for an engine that is about to answer', async () => {
    const outcome = await runEngine('runs dockerd; (sleep 2; touch /engine) &')

    assert.deepEqual([outcome.code, outcome.started], [0, 0], outcome.said)
  })

  const dead: [string, string][] = [
    ['nothing', 'export DOCKER_HOST= DOCKER_CONTEXT=default'],
    [
      'a pid that a later process has by now',
      'runs other; echo $! >/var/run/docker.pid; touch -d 1999-01-01 /var/run/docker.pid',
    ],
    ['a pid that nobody has', 'echo 99999 >/var/run/docker.pid'],
    [
      'a dockerd that is dead and not buried',
      `mkdir /dead; printf '#!/bin/sh\\n' >/dead/dockerd; chmod +x /dead/dockerd; bash -c '/dead/dockerd & exec sleep 300' & sleep 0.5`,
    ],
    [
      'a socket file that nobody listens on',
      `node -e "require('net').createServer().listen('/var/run/docker.sock', () => process.exit())"`,
    ],
  ]
  for (const [what, arrange] of dead) {
    test(`starts one where an engine left ${what}, and adds to its log`, async () => {
      const outcome = await runEngine(arrange)

      assert.deepEqual([outcome.code, outcome.started], [0, 1], outcome.said)
      assert.equal(outcome.log, 'a line of the old engine\na line of the new engine')
    })
  }

  test('moves a long log aside instead of cutting it off', async () => {
    const outcome = await runEngine('head -c 10000001 /dev/zero | tr "\\0" x >/var/log/dockerd.log')

    assert.deepEqual([outcome.code, outcome.log], [0, 'a line of the new engine'], outcome.said)
  })

  test('says what a dockerd that ends at once has said', async () => {
    const outcome = await runEngine(`printf '#!/bin/sh\\necho no room; exit 1' | put dockerd`)

    assert.equal(outcome.code, 1)
    assert.match(outcome.said, /dockerd ended at once; the last line of \/var\/log\/dockerd\.log: no room/)
  })
})
