import assert from 'node:assert/strict'
import { access, readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { catalogue } from './catalogue.ts'
import { chosen } from './chosen.ts'
import { htmlPage } from './report/html.ts'
import { findLine, makeReport, markdownTable, merge, textTable, type Report } from './report/report.ts'
import { plain, tableOf } from './report/table-place.ts'

const root = new URL('../', import.meta.url)

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
    if (!file.endsWith('.md') || file === 'README.md') continue
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

test('the recorded run has every scenario, each with a verdict that holds, and docs/scenarios/README.md shows its table', async () => {
  const text = await readFile(new URL('scenarios/results.json', root), 'utf8')
  // It was written by main.ts.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const recorded = JSON.parse(text) as Report

  assert.equal(recorded.length, 'full')
  assert.deepEqual(
    recorded.scenarios.map(({ name, verdict }) => [name, verdict]),
    catalogue.map(({ lesson }) => [lesson.name, 'holds']),
    'run `make scenarios` and `make record-scenarios`',
  )
  assert.equal(
    tableOf(await readFile(new URL('docs/scenarios/README.md', root), 'utf8')),
    plain(markdownTable(recorded)),
    'run `make record-scenarios`',
  )
})

test('the report is a table of text, and a page whose text cannot become markup', async () => {
  const judged = { predicted: 'p < q', measured: '<b>', holds: true, ms: 1 }
  const report = await makeReport([{ name: 'quiet-stream', broken: judged, fixed: judged }], 'short')

  const [row] = report.scenarios
  assert.equal(row?.verdict, 'holds')
  assert.match(textTable(report), /^quiet-stream +p < q +<b> +<b> +holds$/m)
  assert.doesNotMatch(htmlPage(report), /<b>(?!Switch|Why|Fix)/)
  const failing = { ...judged, holds: false }
  const wrong = await makeReport([{ name: 'quiet-stream', broken: failing, fixed: judged }], 'short')
  assert.equal(wrong.scenarios[0]?.verdict, 'does not hold')
})

test('each scenario of the page is in its contents, and each of its links leads to a file or a place that is there', async () => {
  const judged = { predicted: 'p', measured: 'm', holds: true, ms: 1 }
  const results = catalogue.map(({ lesson }) => ({ name: lesson.name, broken: judged, fixed: judged }))

  const html = htmlPage(await makeReport(results, 'short'))

  for (const { lesson } of catalogue) assert.ok(html.includes(`<li><a href="#${lesson.name}">`), lesson.name)
  for (const [, target = ''] of html.matchAll(/(?:href|src)="([^"]+)"/g))
    if (target.startsWith('#')) assert.ok(html.includes(`id="${target.slice(1)}"`), target)
    else await access(new URL(target, new URL('load/reports/', root)))
})

test('a run of some scenarios replaces their rows in a recorded report, and a whole run replaces all', async () => {
  const judged = { predicted: 'p', measured: 'old', holds: true, ms: 1 }
  const results = catalogue.map(({ lesson }) => ({ name: lesson.name, broken: judged, fixed: judged }))
  const recorded = { ...(await makeReport(results, 'full')), ranAt: 'then' }
  const newer = { ...judged, measured: 'new' }
  const some = await makeReport([{ name: 'herd', broken: newer, fixed: newer }], 'full')

  const merged = merge(recorded, some)

  assert.equal(merged.ranAt, 'then')
  assert.deepEqual(
    merged.scenarios.map(({ name, measured }) => [name, measured.broken]),
    catalogue.map(({ lesson }) => [lesson.name, lesson.name === 'herd' ? 'new' : 'old']),
  )
  const all = { ...(await makeReport(results, 'full')), ranAt: 'now' }
  assert.equal(merge(recorded, all).ranAt, 'now')
})
