import { readFile, writeFile } from 'node:fs/promises'
import { format, resolveConfig } from 'prettier'
import { draw, type Curves } from './draw.ts'

/**
 * `npm run curves`: takes the curves of the last `make bench ROWS=curve` over into curves.json, if there was one, and makes all
 * pictures from it. A curve that was not measured stays as it is.
 */
const file = new URL('curves.json', import.meta.url)
const curves = (await read(file)) ?? { made: {}, points: [] }
const run = await read(new URL('../../load/reports/curves.json', import.meta.url))
if (run !== undefined) {
  const measured = new Set(Object.keys(run.made))
  Object.assign(curves.made, run.made)
  curves.points = [...curves.points.filter(({ curve }) => !measured.has(curve)), ...run.points]
  const options = await resolveConfig(file)
  await writeFile(file, await format(JSON.stringify(curves), { ...options, parser: 'json' }))
}
for (const curve of Object.keys(curves.made))
  await writeFile(new URL(`../img/curves/${curve}.svg`, import.meta.url), draw(curve, curves))

async function read(url: URL): Promise<Curves | undefined> {
  const text = await readFile(url, 'utf8').catch(() => undefined)
  // Both were written by us.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return text === undefined ? undefined : (JSON.parse(text) as Curves)
}
