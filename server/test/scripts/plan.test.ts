import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Copy } from './fakes.ts'

const question = { STREAMS: '1M', TOPICS: '2', RATE: '0.5', JSON: '1' }
const says = `printf '%s\\n' "$@"`

test('each variable is an option, on this machine’s own Node', async () => {
  await using copy = await Copy.make({ node: says, docker: 'exit 9' })

  const { out, code } = await copy.run(['scripts/plan.sh', 'node:24'], question)

  assert.equal(code, 0)
  assert.equal(out, 'deploy/plan/main.ts\n--streams=1M\n--topics=2\n--rate=0.5\n--json\n')
})

test('without a Node that is new enough it runs in the pinned image, without a network', async () => {
  await using copy = await Copy.make({ node: 'exit 1', docker: says })

  const { out, code } = await copy.run(['scripts/plan.sh', 'node:24'], question)

  assert.equal(code, 0)
  const words = out.trim().split('\n')
  assert.deepEqual(words.slice(-6), [
    'node',
    '/deploy/plan/main.ts',
    '--streams=1M',
    '--topics=2',
    '--rate=0.5',
    '--json',
  ])
  assert.ok(words.includes('node:24') && words.includes('none'))
})

test('the exit code is the plan’s', async () => {
  await using copy = await Copy.make({ node: '[ "$1" = scripts/check-node.cjs ] || exit 2' })

  assert.equal((await copy.run(['scripts/plan.sh', 'node:24'])).code, 2)
})
