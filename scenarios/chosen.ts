import { catalogue } from './catalogue.ts'
import type { Scenario } from './scenario.ts'

/** The scenarios of `NAME`: all without it, else those named, with commas between. Throws for a name that is none. */
export function chosen(names: string | undefined): readonly Scenario[] {
  if (names === undefined || names === '') return catalogue
  return names.split(',').map(name => {
    const found = catalogue.find(({ lesson }) => lesson.name === name)
    if (found !== undefined) return found
    const all = catalogue.map(({ lesson }) => lesson.name)
    throw new Error(`NAME: there is no scenario "${name}". There are: ${all.join(', ')}`)
  })
}
