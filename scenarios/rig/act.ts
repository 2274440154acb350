import { Rig, type Ground } from './rig.ts'
import type { Judgement, Scenario, SideName } from '../scenario.ts'

/** What a run of both sides came to. `broken` must fail for its stated reason, `fixed` must not: then the verdict holds. */
export type Result = {
  name: string
  broken: Judgement & { ms: number }
  fixed: Judgement & { ms: number }
}

/** Runs one side with a rig of its own. Whatever breaks on the way is a judgement that does not hold, and says so. */
export async function act(
  ground: Ground,
  { lesson, run }: Scenario,
  side: SideName,
  full: boolean,
): Promise<Judgement & { ms: number }> {
  const begun = performance.now()
  const ms = () => Math.round(performance.now() - begun)
  try {
    await using rig = new Rig(ground, full)
    const judgement = await run(rig, side)
    return { ...judgement, ms: ms() }
  } catch (error) {
    const text = error instanceof Error ? String(error.stack) : String(error)
    return {
      predicted: `${lesson.name} to be measured`,
      measured: `not measured: ${text.split('\n', 1)[0]}`,
      holds: false,
      evidence: text,
      ms: ms(),
    }
  }
}

/** Both sides, one after the other: together they would take each other's processor time. */
export async function actBoth(ground: Ground, scenario: Scenario, full: boolean): Promise<Result> {
  const broken = await act(ground, scenario, 'broken', full)
  const fixed = await act(ground, scenario, 'fixed', full)
  return { name: scenario.lesson.name, broken, fixed }
}
