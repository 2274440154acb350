import type { Case } from './case.ts'

/** The table of docs/conformance.md. */
export function casesTable(cases: readonly Case[]): string {
  const rows = cases.map(({ id, name, rule, why }) => {
    return `| \`${id}\` | ${{ must: 'MUST', should: 'SHOULD', lab: 'lab' }[rule]} | ${escaped(name)} | ${escaped(why)} |`
  })
  return ['| case | rule of | what holds | why |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

// What Markdown and its formatter would read as more than text.
function escaped(text: string): string {
  return text.replaceAll(/[|*_<]/g, '\\$&')
}
