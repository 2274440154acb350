import { limits, type Limit } from '../limits.ts'
import { proxies } from './list.ts'
import type { Proxy } from './proxy.ts'

/** The tables of docs/proxies.md, as Markdown that prettier leaves alone. `make proxies` proves the first. */
export function tables(): { measured: string; limits: string } {
  return {
    measured: table(
      ['proxy', 'at its default', 'the doctor says', 'the line that mends it'],
      proxies.map(row),
    ),
    limits: table(
      ['layer', 'ends a stream', 'to change', 'source'],
      limits.toSorted((a, b) => a.kind.localeCompare(b.kind) || a.seconds - b.seconds).map(limitRow),
    ),
  }
}

function row({ name, from, symptom, broken, mended }: Proxy): string[] {
  const says = broken.expects.map(check => `\`BROKEN\` ${check}`).join(', ')
  return [`${name} (${from})`, symptom, says, code(mended.line)]
}

function limitRow({ layer, kind, seconds, setting, source }: Limit): string[] {
  const when = kind === 'idle' ? `${seconds} s after the last byte` : `${seconds} s after its beginning`
  return [layer, when, code(setting), source.replace(/https:\S+/, '<$&>')]
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``
}

function table(head: string[], rows: string[][]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map(cells => width(cells[column]))))
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map(length => '-'.repeat(length))), ...rows.map(line)].join('\n')
}

function width(cell: string | undefined): number {
  return cell?.length ?? 0
}
