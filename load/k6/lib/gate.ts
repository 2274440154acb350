import { Counter } from 'k6/metrics'
import { verdict, type Row } from './verdict.ts'

const verdicts = new Counter('lab_verdicts')
const failures = new Counter('lab_failures')

/** Thresholds that make k6 exit with 99. A run that was aborted has no verdict, and is as red as one that lost events. */
export function gate(rows: number): Record<string, string[]> {
  return { lab_failures: ['count==0'], lab_verdicts: [`count==${rows}`] }
}

/** Judges a finished row. A counter without a sample would not be 0 but absent, so each row gives one to both. */
export function judge(row: Row): void {
  verdicts.add(1)
  failures.add(verdict(row).length)
}
