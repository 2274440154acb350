import type { Rule } from './case.ts'
import type { Result } from './run.ts'

/** What stands before a name. A plain line is a MUST. */
const marks: Record<Rule, string> = { must: '', should: '[should] ', lab: '[lab] ' }

/** The line of one case, and below a failure what was seen and why it matters, or what it follows from. */
export function resultText({ case: { id, name, rule, why }, outcome, text, followsFrom }: Result): string {
  const line = `${outcome.padEnd(4)}  ${id}  ${marks[rule]}${name}`
  if (outcome === 'ok') return line
  if (outcome === 'skip') return `${line}: ${text}`
  if (followsFrom !== undefined) return `${line}\n        follows from ${followsFrom}: ${firstLine(text)}`
  return `${line}\n        ${text}\n        why it matters: ${why}`
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n')
  return line.length > 120 ? `${line.slice(0, 120)}…` : line
}

const titles: Record<Rule, string> = { must: 'MUST', should: 'SHOULD', lab: 'lab' }

/** The last lines: how many cases, and the causes of what failed, told apart by what they break. */
export function sumText(results: readonly Result[]): string {
  const count = (outcome: Result['outcome']) => results.filter(result => result.outcome === outcome).length
  const sum = `${count('ok')} passed, ${count('FAIL')} failed, ${count('skip')} skipped`
  const causes = causesOf(results)
  if (causes.length === 0) return sum
  const kinds = (['must', 'should', 'lab'] as const).map(rule => {
    const ids = causes.filter(it => it.case.rule === rule).map(it => it.case.id)
    return ids.length === 0 ? '' : `${ids.length} ${titles[rule]} (${ids.join(', ')})`
  })
  const noun = causes.length === 1 ? 'cause' : 'causes'
  return `${sum}\n${count('FAIL')} failed, ${causes.length} ${noun}: ${kinds.filter(Boolean).join(', ')}`
}

/** The failures that follow from no other. */
function causesOf(results: readonly Result[]): Result[] {
  return results.filter(({ outcome, followsFrom }) => outcome === 'FAIL' && followsFrom === undefined)
}

/**
 * 1 where a rule is broken that must be kept, or nothing was judged: a run that judged nothing proves nothing. A broken
 * SHOULD counts if `strict`.
 */
export function exitCode(results: readonly Result[], strict: boolean): 0 | 1 {
  const judged = results.some(({ outcome }) => outcome !== 'skip')
  const broken = causesOf(results).some(({ case: { rule } }) => strict || rule !== 'should')
  return broken || !judged ? 1 : 0
}
