import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { format, resolveConfig } from 'prettier'
import { catalogue } from './catalogue.ts'
import { errorTexts } from './report/error-texts.ts'
import { groups } from './report/symptom-groups.ts'
import { symptomsPage, youSee } from './report/symptoms.ts'

test('docs/symptoms.md says what the scenarios say', async () => {
  const path = new URL('../docs/symptoms.md', import.meta.url)
  const options = await resolveConfig(path)
  assert.equal(
    await readFile(path, 'utf8'),
    await format(await symptomsPage(), { ...options, parser: 'markdown' }),
    'run `npm run symptoms`',
  )
})

test('each scenario stands in a group of symptoms, and each group has scenarios that are there', () => {
  const names = catalogue.map(({ lesson }) => lesson.name)
  const grouped = new Set(groups.flatMap(group => group.names))
  assert.deepEqual([...grouped].toSorted(), names.toSorted())
  for (const group of groups) assert.equal(new Set(group.names).size, group.names.length, group.title)
})

test('each error text that people search for stands in what its scenario says people see', async () => {
  for (const { text, scenario } of errorTexts) {
    assert.ok((await youSee(scenario)).includes(text), `docs/scenarios/${scenario}.md: ${text}`)
  }
})
