import { readFile } from 'node:fs/promises'
import { catalogue } from '../catalogue.ts'
import { groups } from './symptom-groups.ts'
import { errorTexts } from './error-texts.ts'

const pages = new URL('../../docs/scenarios/', import.meta.url)

/**
 * docs/symptoms.md: what people see, in groups, with the way to the cause. Its texts are those of the catalogue and the
 * “You see” of each page in docs/scenarios; `npm run symptoms` writes it. Rejects if a page has no “You see”.
 */
export async function symptomsPage(): Promise<string> {
  const sections: string[] = []
  const told = new Set<string>()
  for (const { title, about, names } of groups) {
    const fresh = names.filter(name => !told.has(name))
    const again = names
      .filter(name => told.has(name))
      .map(name => `- ${lessonOf(name).symptom} ${linkTo(name)}`)
    sections.push(`## ${title}`, about, ...(await Promise.all(fresh.map(entryOf))))
    if (again.length > 0)
      sections.push(`It ${fresh.length > 0 ? 'may also be' : 'is'} one of these:`, again.join('\n'))
    for (const name of fresh) told.add(name)
  }
  return [
    '<!-- Written by `npm run symptoms` from the scenarios: change the texts there. -->',
    '# Find your symptom',
    'What people see, in the words they search with, and where it is explained. Each problem is measured, broken and fixed, by the [scenario](scenarios/README.md) behind the link.',
    ...sections,
    '## Error texts',
    'The exact text in a console or a log, and what it comes from.',
    await errorTable(),
    '',
  ].join('\n\n')
}

async function entryOf(name: string): Promise<string> {
  return `**${lessonOf(name).symptom}**\n\n${await youSee(name)}\n\nWhy, and the fix: ${linkTo(name)}`
}

async function errorTable(): Promise<string> {
  const rows = errorTexts.map(
    ({ text, where, scenario }) => `| \`${text}\` | ${where} | ${linkTo(scenario)} |`,
  )
  return ['| text | where | comes from |', '| --- | --- | --- |', ...rows].join('\n')
}

/** The paragraph of a scenario's page that says what people see, as docs/symptoms.md has it. Rejects if there is none. */
export async function youSee(name: string): Promise<string> {
  const page = await readFile(new URL(`${name}.md`, pages), 'utf8')
  const text = /^\*\*You see\*\* (?<text>.*?)\n\n/ms.exec(page)?.groups?.text
  if (text === undefined)
    throw new Error(`docs/scenarios/${name}.md has no paragraph that begins with **You see**`)
  return `You see ${text.replaceAll('\n', ' ').replaceAll(/\]\((?=[\w-]+\.md)/g, '](scenarios/')}`
}

function linkTo(name: string): string {
  return `[${lessonOf(name).title}](scenarios/${name}.md)`
}

function lessonOf(name: string) {
  const lesson = catalogue.find(scenario => scenario.lesson.name === name)?.lesson
  if (lesson === undefined) throw new Error(`there is no scenario ${name}`)
  return lesson
}
