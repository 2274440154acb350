import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Copy } from './fakes.ts'

/** A docker that says what it was called with, and what it got in HEADER. */
const docker = 'for it in "$@"; do printf "%s\\n" "$it"; done; printf "HEADER=%s\\n" "$HEADER"'
const stream = 'http://localhost:3000/hub?t={topic}'

test('k6 against a named server runs on the network of this machine, with all headers, and brings no lab up', async () => {
  await using copy = await Copy.make({ docker })
  const env = { STREAM_URL: stream, HEADER: 'A: 1\nB: 2', HEADER2: 'C: 3' }

  const { code, out } = await copy.run(['scripts/k6.sh', 'fanout', '--verbose'], env)
  const plan = await copy.run(['make', '--dry-run', 'load-fanout', `STREAM_URL=${stream}`])

  assert.equal(code, 0)
  assert.match(out, /^--network\nhost$/m)
  assert.match(out, /^sse-lab\/k6\nrun\n--verbose\nfanout\.ts$/m)
  assert.match(out, /^--env\nPUBLISH_BODY$/m)
  assert.match(out, /^HEADER=A: 1\nB: 2\nC: 3$/m)
  assert.match(plan.out, /^scripts\/k6\.sh fanout/m)
  assert.doesNotMatch(plan.out, /scripts\/up\.sh/)
})

test('the file of CA is mounted into the container, for the kit and for k6, or there is one line', async () => {
  await using copy = await Copy.make({ docker })
  await copy.write('root.pem', 'PEM')

  const kit = await copy.run(['scripts/conformance.sh', 'http://localhost:8080'], { CA: 'root.pem' })
  const k6 = await copy.run(['scripts/k6.sh', 'quiet'], { CA: 'root.pem', URL: 'https://a' })
  const none = await copy.run(['scripts/conformance.sh', 'http://a'], { CA: 'none.pem' })

  assert.match(
    kit.out,
    /\/root\.pem:\/ca\.pem:ro\n--env\nCA=\/ca\.pem\nsse-lab\/test\nnode\nconformance\/main\.ts\n/,
  )
  assert.match(k6.out, /\/root\.pem:\/ca\.pem:ro\n--env\nSSL_CERT_FILE=\/ca\.pem$/m)
  assert.deepEqual([none.code, none.error], [2, 'conformance: CA=none.pem: there is no such file\n'])
})

test('STRIKE is run once the streams are open, and the status is that of the run', async () => {
  const says = 'echo begin; echo "strike now"; sleep 0.2; echo "strike now"; exit 99'
  await using copy = await Copy.make({ docker: says })
  const env = { STREAM_URL: stream, STRIKE: 'echo struck; exit 3' }

  const { code, out } = await copy.run(['scripts/k6.sh', 'reconnect'], env)

  assert.equal(code, 99)
  assert.deepEqual(out.match(/^strike: .*$/gm), [
    'strike: echo struck; exit 3',
    'strike: struck',
    'strike: it ended with 3',
  ])
})
