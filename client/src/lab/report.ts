import { fields } from './fields.ts'

/** What scenarios/report/report.ts writes. */
export interface ScenarioRow {
  readonly name: string
  readonly title: string
  readonly symptom: string
  readonly switch: string
  readonly because: string
  readonly fix: string
  readonly doc: string
  readonly code: readonly { readonly file: string; readonly line: number; readonly text: string }[]
  readonly predicted: { readonly broken: string; readonly fixed: string }
  readonly measured: {
    readonly broken: string
    readonly fixed: string
    readonly evidence: string | undefined
  }
  readonly verdict: string
}

export interface Report {
  readonly ranAt: string
  readonly cores: number
  readonly scenarios: readonly ScenarioRow[]
}

/** Reads a report from outside; undefined if it is none. A row that lacks something is left out. */
export function readReport(value: unknown): Report | undefined {
  const { ranAt, cores, scenarios } = fields(value)
  if (typeof ranAt !== 'string' || typeof cores !== 'number' || !Array.isArray(scenarios)) return undefined
  return { ranAt, cores, scenarios: scenarios.flatMap(row => readRow(row) ?? []) }
}

const texts = ['name', 'title', 'symptom', 'switch', 'because', 'fix', 'doc', 'verdict'] as const

function said(from: Record<string, unknown>, key: string): string {
  const value = from[key]
  return typeof value === 'string' ? value : ''
}

function readRow(value: unknown): ScenarioRow | undefined {
  const row = fields(value)
  const [predicted, measured] = [fields(row['predicted']), fields(row['measured'])]
  if (!texts.every(key => typeof row[key] === 'string') || !Array.isArray(row['code'])) return undefined
  return {
    name: said(row, 'name'),
    title: said(row, 'title'),
    symptom: said(row, 'symptom'),
    switch: said(row, 'switch'),
    because: said(row, 'because'),
    fix: said(row, 'fix'),
    doc: said(row, 'doc'),
    verdict: said(row, 'verdict'),
    predicted: { broken: said(predicted, 'broken'), fixed: said(predicted, 'fixed') },
    measured: {
      broken: said(measured, 'broken'),
      fixed: said(measured, 'fixed'),
      evidence: typeof measured['evidence'] === 'string' ? measured['evidence'] : undefined,
    },
    code: row['code'].map(fields).map(place => ({
      file: said(place, 'file'),
      line: Number(place['line']),
      text: said(place, 'text'),
    })),
  }
}
