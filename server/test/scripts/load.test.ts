import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { Copy } from './fakes.ts'

test('outside of a terminal k6 is told to be quiet, and the flags of whoever runs make come after that', async () => {
  const docker = `case "$*" in
    *'--quiet nginx') echo 4711 ;;
    *' run --rm '*) echo "$*" >>asked ;;
  esac`
  await using copy = await Copy.make({ docker })

  const { code, error } = await copy.run(['make', 'load-fanout', 'FLAGS=--verbose'], { TERM: 'dumb' })

  assert.equal(code, 0, error)
  assert.match(await readFile(`${copy.folder}/asked`, 'utf8'), / k6 run --quiet --verbose fanout\.ts\n$/)
})
