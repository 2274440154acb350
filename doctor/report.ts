import type { Finding, Verdict } from './checks/check.ts'
import type { Observations } from './observations.ts'

export function headText(seen: Observations): string {
  const { through, direct } = seen.named
  const layers = ['client']
  if (through !== undefined && through !== direct) layers.push(through)
  if (seen.direct !== undefined) layers.push(direct ?? 'your server')
  return [
    `doctor  ${seen.url}${seen.direct === undefined ? '' : `   direct ${seen.direct}`}`,
    `layers  ${layers.join(' → ')}`,
  ].join('\n')
}

/** One finding: a line, and for what is wrong the place and the cure below it. */
export function findingText({ check, verdict, layer, cause, fix, evidence }: Finding): string {
  const first = `${verdict.padEnd(8)}  ${check}: ${cause}${evidence === '' ? '' : `\n          seen  ${evidence}`}`
  if (verdict !== 'BROKEN' && verdict !== 'RISK') {
    return `${verdict.padEnd(8)}  ${check}: ${cause}${evidence === '' ? '' : ` (${evidence})`}`
  }
  return `${first}\n          where ${layer}\n          fix   ${fix}`
}

const counted: readonly (readonly [Verdict, string])[] = [
  ['BROKEN', 'broken'],
  ['RISK', 'risk'],
  ['ok', 'ok'],
  ['not seen', 'not seen'],
]

export function sumText(findings: Finding[]): string {
  return counted
    .map(([verdict, word]) => `${findings.filter(one => one.verdict === verdict).length} ${word}`)
    .join(', ')
}
