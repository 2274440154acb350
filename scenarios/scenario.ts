import type { Rig } from './rig/rig.ts'

/** The side that has the problem, and the side that has the fix. */
export const sideNames = ['broken', 'fixed'] as const
export type SideName = (typeof sideNames)[number]

/** What theory said beside what was seen on one side. `evidence`: the line, counter or set that says why. */
export type Judgement = { predicted: string; measured: string; holds: boolean; evidence?: string }

/** A place that fixes it: a file of this repository, and a text that stands in the line. */
type CodePlace = { file: string; text: string }

/** What people are told. The page, the report and docs/scenarios show it. */
export type Lesson = {
  /** Words with hyphens: `NAME=quiet-stream make scenarios`, docs/scenarios/quiet-stream.md. */
  name: string
  title: string
  /** What people see, in the words that they search with. */
  symptom: string
  /** What differs between the sides: configuration, or a file beside the fixed one. */
  switch: string
  /** Why theory predicts what it predicts. */
  because: string
  fix: string
  code: readonly CodePlace[]
}

/**
 * One problem of streams at scale. Both sides are measured by the same code, which sees nothing but the switch's
 * setting; each side is then judged by its own prediction.
 */
export type ScenarioParts<Setting, Figures> = Lesson & {
  sides: Record<SideName, Setting>
  measure: (rig: Rig, setting: Setting) => Promise<Figures>
  judge: Record<SideName, (figures: Figures) => Judgement>
}

/** A scenario whose types of setting and figures nobody else needs to know. */
export type Scenario = { lesson: Lesson; run: (rig: Rig, side: SideName) => Promise<Judgement> }

/** Makes a scenario of its parts. */
export function scenario<Setting, Figures>(parts: ScenarioParts<Setting, Figures>): Scenario {
  const { sides, measure, judge, ...lesson } = parts
  return { lesson, run: async (rig, side) => judge[side](await measure(rig, sides[side])) }
}
