import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Copy } from './fakes.ts'

/** What engines have said, word for word but for ids. */
const taken =
  'driver failed programming external connectivity on endpoint x (5ba9): Error starting userland proxy: listen tcp4 127.0.0.1:8080: bind: address already in use'
const answers: [string, string, RegExp][] = [
  [
    'a process holds the port',
    taken,
    /^ports: HTTP_PORT: port 8080 is taken\. Take another: HTTP_PORT=9080 make up$/,
  ],
  [
    'another container holds it',
    'driver failed programming external connectivity on endpoint x (5ba9): Bind for 127.0.0.1:8080 failed: port is already allocated',
    /^ports: HTTP_PORT: port 8080 is taken\. Take another: HTTP_PORT=9080 make up$/,
  ],
  [
    'Docker Desktop says so in its own words',
    'Ports are not available: exposing port TCP 127.0.0.1:8080 -> 0.0.0.0:0: listen tcp 127.0.0.1:8080: bind: address already in use',
    /^ports: HTTP_PORT: port 8080 is taken/,
  ],
  [
    'BIND is no address of this machine',
    'Error starting userland proxy: listen tcp4 127.0.0.1:8080: bind: cannot assign requested address',
    /^ports: BIND: this machine has no address 127\.0\.0\.1\. BIND=127\.0\.0\.1 make up/,
  ],
  [
    'the machine allows fewer files',
    'error during container init: error setting rlimits for ready process: error setting rlimit type 7: operation not permitted: unknown',
    /^ports: NOFILE: this machine allows a container fewer open files than 20000: NOFILE=4096 make up$/,
  ],
  [
    'the engine may not open the port',
    'error while calling PortManager.AddPort(): cannot expose privileged port 80: permission denied',
    /^ports: HTTP_PORT: the engine may not open port 8080: HTTP_PORT=9080 make up$/,
  ],
]
// Nobody holds a port as far as ss and lsof know.
const unknown = { ss: 'exit 1', lsof: 'exit 1' }

for (const [what, said, line] of answers) {
  test(`${what}: one line says which knob, its value and what to type`, async () => {
    await using copy = await Copy.make({
      ...unknown,
      docker: `[ "$1" = ps ] || { echo '${said}' >&2; exit 125; }`,
    })

    const { code, error } = await copy.run(['scripts/ports.sh', 'up', 'HTTP_PORT'])

    assert.equal(code, 1)
    assert.match(error.trim(), line)
  })
}

const refusing = `echo '${taken}' >&2; exit 125`
const holders: [string, Record<string, string>, RegExp][] = [
  [
    'a container',
    {
      docker: `if [ "$1" = ps ]; then case "$*" in *label*) ;; *) echo other-1 ;; esac; else ${refusing}; fi`,
    },
    /taken by the container other-1\./,
  ],
  [
    'a process that ss knows',
    {
      docker: `[ "$1" = ps ] || { ${refusing}; }`,
      ss: `echo 'LISTEN 0 511 127.0.0.1:8080 0.0.0.0:* users:(("node",pid=4711,fd=18))'`,
    },
    /taken by node, process 4711\./,
  ],
]
for (const [who, commands, line] of holders) {
  test(`who holds the port is said: ${who}`, async () => {
    await using copy = await Copy.make({ ...unknown, ...commands })

    assert.match((await copy.run(['scripts/ports.sh', 'up', 'HTTP_PORT'])).error, line)
  })
}

test('a port that this lab holds already is its own, and asked for no more', async () => {
  await using copy = await Copy.make({ docker: 'if [ "$1" = ps ]; then echo 4711; else exit 125; fi' })

  assert.equal((await copy.run(['scripts/ports.sh', 'up', 'HTTP_PORT', 'BROKEN_PORT'])).code, 0)
})

test('both ports are looked at, and both are named', async () => {
  await using copy = await Copy.make({ ...unknown, docker: `[ "$1" = ps ] || { ${refusing}; }` })

  const { error } = await copy.run(['scripts/ports.sh', 'up', 'HTTP_PORT', 'BROKEN_PORT'])

  assert.match(
    error,
    /HTTP_PORT: port 8080 is taken[^]*BROKEN_PORT: port 8081 is taken[^]*BROKEN_PORT=9081 make up/,
  )
})

test('a refusal that is not about a port is left to the start itself', async () => {
  await using copy = await Copy.make({ docker: `[ "$1" = ps ] || { echo 'no such image' >&2; exit 125; }` })

  assert.equal((await copy.run(['scripts/ports.sh', 'up', 'HTTP_PORT'])).code, 0)
})
