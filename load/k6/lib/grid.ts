/**
 * Lines of cells as a table of text, each column as wide as its widest cell: so many columns to the left, the others, figures,
 * to the right. The lab's only printer of tables; it stands here because k6 reads no file from elsewhere.
 */
export function grid(lines: readonly (readonly string[])[], columnsToTheLeft = 2): string {
  const widths = (lines[0] ?? []).map((_, at) => Math.max(...lines.map(cells => (cells[at] ?? '').length)))
  return lines
    .map(cells =>
      cells
        .map((cell, at) => {
          const width = widths[at] ?? 0
          return at < columnsToTheLeft ? cell.padEnd(width) : cell.padStart(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
