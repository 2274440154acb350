import type { Result } from './run.ts'

/** The line of one case, and below a failure what was seen and why it matters. */
export function resultText({ case: { id, name, rule, why }, outcome, text }: Result): string {
  const line = `${outcome.padEnd(4)}  ${id}  ${rule === 'lab' ? '[lab] ' : ''}${name}`
  if (outcome === 'ok') return line
  if (outcome === 'skip') return `${line}: ${text}`
  return `${line}\n        ${text}\n        why it matters: ${why}`
}

/** The last line. */
export function sumText(results: readonly Result[]): string {
  const count = (outcome: Result['outcome']) => results.filter(result => result.outcome === outcome).length
  return `${count('ok')} passed, ${count('FAIL')} failed, ${count('skip')} skipped`
}
