import assert from 'node:assert/strict'
import { access, readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { catalogue } from './catalogue.ts'
import { chosen } from './chosen.ts'
import { findLine } from './report.ts'

const root = new URL('../../', import.meta.url)

test('each scenario has a name of its own, a page of its own, and points to lines that are there', async () => {
  const names = catalogue.map(({ lesson }) => lesson.name)
  assert.equal(new Set(names).size, names.length)
  for (const { lesson } of catalogue) {
    await access(new URL(`docs/scenarios/${lesson.name}.md`, root))
    for (const place of lesson.code) assert.ok((await findLine(place)).line > 0)
    assert.ok(lesson.code.length > 0, `${lesson.name} says where its fix stands`)
  }
})

test('each page of docs/scenarios is that of a scenario, and says how to run it', async () => {
  const names = new Set(catalogue.map(({ lesson }) => lesson.name))
  for (const file of await readdir(new URL('docs/scenarios/', root))) {
    if (!file.endsWith('.md')) continue
    const name = file.replace('.md', '')
    assert.ok(names.has(name), `${file} belongs to no scenario`)
    const page = await readFile(new URL(`docs/scenarios/${file}`, root), 'utf8')
    assert.match(page, new RegExp(`^NAME=${name} make scenarios$`, 'm'))
    for (const [, target = ''] of page.matchAll(/\]\(([^)#:]+)/g))
      await access(new URL(`docs/scenarios/${target}`, root))
  }
})

test('a scenario that is none is refused, with the names that there are', () => {
  assert.throws(
    () => chosen('quiet-stream,nonsense'),
    /there is no scenario "nonsense". There are: fan-out, /,
  )
  assert.deepEqual(
    chosen('quiet-stream').map(({ lesson }) => lesson.name),
    ['quiet-stream'],
  )
  assert.equal(chosen(''), catalogue)
})
