import type { Bench } from '../bench.ts'
import type { Experiment, ExperimentName, Outcome } from './experiment.ts'
import { kill } from './kill.ts'
import { leave } from './leave.ts'
import { proxy } from './proxy.ts'
import { publishOne } from './publish-one.ts'
import { quiet } from './quiet.ts'

export const experiments: readonly Experiment[] = [publishOne, quiet, kill, proxy, leave]

/** Where an experiment stands. What a person has said is kept until the next run. */
export interface Standing {
  readonly state: 'idle' | 'running' | 'done'
  readonly guess: number | undefined
  readonly text: string
  readonly untilMs: number | undefined
  readonly outcome: Outcome | undefined
  /** Why it could not be measured; '' if it could. */
  readonly problem: string
}

const idle: Standing = {
  state: 'idle',
  guess: undefined,
  text: '',
  untilMs: undefined,
  outcome: undefined,
  problem: '',
}

/** Runs the experiments, one at a time: two at once would measure each other. */
export class Course {
  readonly #bench: Bench
  readonly #changed: () => void
  readonly #standings = new Map<ExperimentName, Standing>()
  #running: ExperimentName | undefined
  #shown: ExperimentName | undefined

  constructor(bench: Bench, changed: () => void) {
    this.#bench = bench
    this.#changed = changed
  }

  get running(): ExperimentName | undefined {
    return this.#running
  }

  /** The one that ran last. */
  get shown(): Experiment | undefined {
    return experiments.find(({ name }) => name === this.#shown)
  }

  of(name: ExperimentName): Standing {
    return this.#standings.get(name) ?? idle
  }

  guess(name: ExperimentName, guess: number): void {
    this.#set(name, { guess })
  }

  async run(experiment: Experiment): Promise<void> {
    const { broken, fixed } = this.#bench
    if (this.#running !== undefined || broken === undefined || fixed === undefined) return
    const { name } = experiment
    this.#running = name
    this.#shown = name
    this.#set(name, { ...idle, state: 'running', guess: this.of(name).guess })
    try {
      await this.#bench.wake()
      const say = (text: string, untilMs?: number): void => this.#set(name, { text, untilMs })
      const outcome = await experiment.run({ bench: this.#bench, broken, fixed }, say)
      this.#set(name, { state: 'done', outcome, text: '', untilMs: undefined })
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error)
      this.#set(name, { state: 'done', problem, text: '', untilMs: undefined })
    }
    this.#running = undefined
    this.#changed()
  }

  #set(name: ExperimentName, what: Partial<Standing>): void {
    this.#standings.set(name, { ...this.of(name), ...what })
    this.#changed()
  }
}

/** What was measured, in one line: for the button's `data-result`. */
export function resultOf({ outcome, problem }: Standing): string | undefined {
  if (problem !== '') return `not measured: ${problem}`
  if (outcome === undefined) return undefined
  const { broken, fixed } = outcome
  return `broken ${broken.measured} (predicted ${broken.predicted}); fixed ${fixed.measured} (predicted ${fixed.predicted})`
}
