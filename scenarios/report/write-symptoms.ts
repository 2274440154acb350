import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { symptomsPage } from './symptoms.ts'

/** `npm run symptoms`: writes docs/symptoms.md. */
const path = fileURLToPath(new URL('../../docs/symptoms.md', import.meta.url))
const options = await resolveConfig(path)
const before = await readFile(path, 'utf8').catch(() => '')
const page = await format(await symptomsPage(), { ...options, parser: 'markdown' })
await writeFile(path, page)
process.stdout.write(
  page === before ? 'docs/symptoms.md is as it was\n' : 'docs/symptoms.md is written anew\n',
)
// The lessons bring the test runner along, which would print its own counts at the end.
process.exit()
