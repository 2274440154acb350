import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { format } from 'prettier'
import { stepsText } from './steps.ts'

const plan = (...args: string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url)), ...args], {
    encoding: 'utf8',
  })

test('the plan in words has the hosts, what breaks first, the herd, and what is only assumed', () => {
  const { stdout, status } = plan('--streams', '1M', '--topics', '1M', '--rate', '16667')

  assert.equal(status, 0)
  for (const part of [
    /^workers +100,/m,
    /breaks first/,
    /ephemeral ports/,
    /come back at once/,
    /Half of the hosts/,
    /^Assumed/m,
  ])
    assert.match(stdout, part)
})

test('a layout of the log that is not built is called so', () => {
  const [built, reckoned] = ['1M', '10M'].map(
    streams => plan('--streams', streams, '--topics', streams, '--rate', '167k').stdout,
  )

  assert.match(String(built), /^log +partitions: (?!.*not built)/m)
  assert.match(String(reckoned), /^log +\w+: .*not built/m)
})

test('--json has the same, with each constant and its source', () => {
  const { stdout } = plan('--streams', '10M', '--topics', '1', '--rate', '10', '--json')

  const { workers, limits, constants } = JSON.parse(stdout)
  assert.ok(workers > 2000 && limits.length > 5)
  assert.match(constants.deliveryUs.source, /make bench/)
})

test('what cannot be is said with the field and a call that works, and exits 2', () => {
  const { stderr, stdout, status } = plan('--streams', 'lots', '--topics', '1', '--rate', '1')

  assert.equal(status, 2)
  assert.equal(stdout, '')
  assert.match(stderr, /^plan: --streams must be .*\n.*npm run plan.*\n.*make plan/)
})

test('what no layout of the log carries is said at once, and exits 1', () => {
  const { stdout, status } = plan('--streams', '10k', '--topics', '1', '--rate', '20k')

  assert.equal(status, 1)
  assert.match(stdout, /^DOES NOT FIT/)
})

test('the tables of docs/scale.md are those of the plan: npm run plan -- --steps', async () => {
  const page = await readFile(new URL('../../docs/scale.md', import.meta.url), 'utf8')

  const tables = await format(stepsText(), { parser: 'markdown' })
  for (const table of tables.split(/^### .*$/m).map(text => text.trim()))
    assert.ok(page.includes(table), `docs/scale.md lacks:\n${table}`)
})
