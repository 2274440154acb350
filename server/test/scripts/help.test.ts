import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { Copy } from './fakes.ts'

const makefile = await readFile(new URL('../../../Makefile', import.meta.url), 'utf8')

test('make alone prints every target that says what it does, under the title of its group', async () => {
  await using copy = await Copy.make()

  const { code, out } = await copy.run(['make'])

  assert.equal(code, 0)
  const described = [...makefile.matchAll(/^([a-z0-9-]+):.*## /gm)].map(([, name]) => String(name))
  const printed = [...out.matchAll(/^ {2}make ([a-z0-9-]+) /gm)].map(([, name]) => String(name))
  assert.ok(described.length > 20)
  assert.deepEqual(printed.toSorted(), described.toSorted())
  assert.match(
    out,
    /^See it\n {2}make help [^]*^ {2}make up [^]*\n\nProve it\n[^]*\n\nMeasure it\n[^]*\n\nWork on it\n/m,
  )
  assert.ok(
    out.split('\n').every(line => line.length <= 150),
    'a line of the list wraps',
  )
})

test('whatever takes a while says how long', () => {
  const long = [...makefile.matchAll(/^([a-z0-9-]+):.*## (?:prove|measure): (.*)$/gm)]

  assert.ok(long.length >= 10)
  for (const [, name, text] of long) assert.match(String(text), /\(\d+ (s|minutes?)\b/, name)
})

test('every target of the Makefile is phony: a file of its name would otherwise stop it', () => {
  const [, names = ''] = /^\.PHONY: ((?:.*\\\n)*.*)$/m.exec(makefile) ?? []
  const phony = new Set(names.split(/[\s\\]+/))

  for (const [, name] of makefile.matchAll(/^([a-z0-9-]+):(?!=)/gm)) assert.ok(phony.has(String(name)), name)
})
