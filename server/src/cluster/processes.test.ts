import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { isOwnProcess } from './processes.ts'

// A primary with two workers and one more process below it; one of the workers asks whom it may end.
const program = `
import cluster from 'node:cluster'
import { spawn } from 'node:child_process'
import { isOwnProcess } from '${import.meta.dirname}/processes.ts'
if (cluster.isPrimary) {
  const [one, two] = [cluster.fork(), cluster.fork()]
  const shell = spawn('sh', ['-c', 'sleep 60 & echo $!; wait'])
  shell.stdout.once('data', text => one.send({ sibling: two.process.pid, grandchild: Number(text) }))
  one.once('message', ({ own, grandchild }) => {
    process.stdout.write(JSON.stringify(own))
    process.kill(grandchild, 'SIGKILL')
    for (const child of [shell, one.process, two.process]) child.kill('SIGKILL')
  })
} else {
  process.once('message', async ({ sibling, grandchild }) => {
    const asked = {
      itself: process.pid, sibling, grandchild, primary: process.ppid, init: 1,
      group: -process.ppid, all: -1, ownGroup: 0, fraction: 1.5, none: 4_194_304,
    }
    const own = []
    for (const [name, pid] of Object.entries(asked)) if (await isOwnProcess(pid)) own.push(name)
    process.send({ own, grandchild })
  })
}
`

test('in a cluster a worker owns itself and its siblings, and nothing else', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'sse-lab-'))
  t.after(async () => await rm(folder, { recursive: true }))
  const file = join(folder, 'cluster.mjs')
  await writeFile(file, program)

  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 20_000 })

  assert.deepEqual(JSON.parse(stdout), ['itself', 'sibling'])
})

test('without a cluster a process owns itself alone, not what its shell has started beside it', async () => {
  assert.deepEqual(
    [await isOwnProcess(process.pid), await isOwnProcess(process.ppid), await isOwnProcess(1)],
    [true, false, false],
  )
})
