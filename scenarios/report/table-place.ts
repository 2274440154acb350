const begin = '<!-- scenarios: make record-scenarios writes this table -->'
const end = '<!-- end of scenarios -->'

/** docs/scenarios/README.md with another table between its two marks. Throws if they are not there. */
export function withTable(index: string, table: string): string {
  const [before, rest] = split(index, begin)
  const [, after] = split(rest, end)
  return `${before}${begin}\n\n${table}\n\n${end}${after}`
}

/** The table between those marks, without what formatting adds to it. */
export function tableOf(index: string): string {
  const [, rest] = split(index, begin)
  return plain(split(rest, end)[0])
}

/** A table of Markdown without the blanks and dashes that only align it. */
export function plain(table: string): string {
  return table
    .trim()
    .replaceAll(/ *\| */g, '|')
    .replaceAll(/-{3,}/g, '---')
}

function split(text: string, mark: string): [string, string] {
  const index = text.indexOf(mark)
  if (index < 0) throw new Error(`docs/scenarios/README.md has no line ${mark}`)
  return [text.slice(0, index), text.slice(index + mark.length)]
}
