import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { draw, type Curves } from '../curves/draw.ts'

const read = async (path: string) => await readFile(new URL(path, import.meta.url), 'utf8')
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const curves = JSON.parse(await read('../curves/curves.json')) as Curves

test('each picture of a curve is made from the figures that stand beside it: npm run curves', async () => {
  const names = Object.keys(curves.made)
  const pictures = await readdir(new URL('../img/curves/', import.meta.url))
  assert.ok(names.length > 0)
  assert.deepEqual(pictures.toSorted(), names.map(name => `${name}.svg`).toSorted())

  for (const name of names) assert.equal(await read(`../img/curves/${name}.svg`), draw(name, curves), name)
})

test('a picture follows its figures', () => {
  const [name = ''] = Object.keys(curves.made)
  const points = curves.points.map(point => ({ ...point, answers: point.answers.map(answer => answer + 1) }))

  assert.notEqual(draw(name, { ...curves, points }), draw(name, curves))
})

test('docs/performance.md shows each of them', async () => {
  const page = await read('../performance.md')
  for (const name of Object.keys(curves.made)) assert.ok(page.includes(`](img/curves/${name}.svg)`), name)
})
