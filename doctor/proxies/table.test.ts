import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { tables } from './table.ts'

const page = await readFile(new URL('../../docs/proxies.md', import.meta.url), 'utf8')

test('the table of proxies says what `make proxies` proves', () => {
  assert.ok(page.includes(tables().measured), `docs/proxies.md lacks this table:\n${tables().measured}`)
})

test('the table of limits is the one that the doctor knows', () => {
  assert.ok(page.includes(tables().limits), `docs/proxies.md lacks this table:\n${tables().limits}`)
})
