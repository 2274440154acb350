import { Fragment } from 'preact'
import type { Bench } from '../bench.ts'
import { experiments, resultOf, type Course, type Standing } from '../experiments/course.ts'
import type { Experiment } from '../experiments/experiment.ts'
import { canRestart } from '../experiments/proxy.ts'
import { Copied } from './copied.tsx'

/** Five things to do to both sides, each with a guess first. */
export function Experiments({ bench, course }: { bench: Bench; course: Course }) {
  if (bench.broken === undefined || bench.fixed === undefined) return <Alone />
  return (
    <>
      <h2 id="experiments-title">Guess first, then try it</h2>
      <p role="status" class="progress">
        {status(course)}
      </p>
      <div class="cards">
        {experiments.map(experiment => (
          <Fragment key={experiment.name}>
            <Card bench={bench} course={course} experiment={experiment} />
            {course.shown === experiment && (
              <Result experiment={experiment} standing={course.of(experiment.name)} bench={bench} />
            )}
          </Fragment>
        ))}
      </div>
    </>
  )
}

/** Said aloud once each: never the seconds of a countdown. */
function status(course: Course): string {
  const { shown } = course
  if (shown === undefined) return ''
  const { state, text, outcome, problem } = course.of(shown.name)
  if (state === 'running') return `${shown.title}: ${text}`
  if (problem !== '') return `${shown.title}: not measured, ${problem}.`
  if (outcome === undefined) return ''
  return `${shown.title}: broken ${outcome.broken.measured}, fixed ${outcome.fixed.measured}.`
}

function Alone() {
  return (
    <>
      <h2 id="experiments-title">Experiments</h2>
      <p>They need both sides. `make up` starts them; this server is alone.</p>
    </>
  )
}

interface CardProps {
  readonly bench: Bench
  readonly course: Course
  readonly experiment: Experiment
}

function Card({ bench, course, experiment }: CardProps) {
  const { name, title, act } = experiment
  const standing = course.of(name)
  const { state } = standing
  const question = experiment.question(bench)
  const guess = standing.guess ?? Math.round(question.max / 2)
  const others = course.running !== undefined && course.running !== name
  const cannot = !bench.lab.lab ? name === 'kill' || name === 'proxy' : name === 'proxy' && !canRestart(bench)
  const slider = `guess-${name}`
  return (
    <article class="card" data-card={name} data-state={state}>
      <h3>{title}</h3>
      <p>{experiment.sentence(bench)}</p>
      <label for={slider}>{question.text}</label>
      <div class="guess">
        <input
          id={slider}
          type="range"
          min="0"
          max={question.max}
          value={guess}
          disabled={state === 'running'}
          aria-valuetext={`${guess} ${question.unit}`}
          onInput={event => course.guess(name, event.currentTarget.valueAsNumber)}
        />
        <output for={slider}>
          {guess}
          <small> {question.unit}</small>
        </output>
      </div>
      <button
        type="button"
        class="act"
        data-experiment={name}
        data-state={state}
        data-result={resultOf(standing)}
        data-agrees={standing.outcome?.agrees}
        aria-disabled={state === 'running' || others || cannot}
        aria-busy={state === 'running'}
        onClick={() => {
          if (!cannot) void runInView(course, experiment)
        }}
      >
        {state === 'running' ? 'Running…' : state === 'done' ? `${act} again` : act}
      </button>
      {cannot && <p class="hint">Only in a lab that Docker runs: make up.</p>}
      {state === 'running' && standing.untilMs !== undefined && <Countdown untilMs={standing.untilMs} />}
    </article>
  )
}

/** Whoever starts it wants to see both sides meanwhile, and then what came of it. */
async function runInView(course: Course, experiment: Experiment): Promise<void> {
  if (course.running !== undefined) return
  look('.sides')
  await course.run(experiment)
  // Drawn soon.
  setTimeout(() => look('.result'), 500)
}

function look(at: string): void {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  document.querySelector(at)?.scrollIntoView({ block: 'nearest', behavior: still ? 'instant' : 'smooth' })
}

function Countdown({ untilMs }: { untilMs: number }) {
  const left = Math.max(0, Math.ceil((untilMs - performance.now()) / 1000))
  return (
    <p class="countdown" role="timer" aria-live="off">
      <strong>{left}</strong> s of silence left
    </p>
  )
}

function Result({
  experiment,
  standing,
  bench,
}: {
  experiment: Experiment
  standing: Standing
  bench: Bench
}) {
  const { outcome, problem, guess, text } = standing
  if (outcome === undefined)
    return (
      <div class="result" data-of={experiment.name}>
        <p>{problem === '' ? text : `It could not be measured: ${problem}.`}</p>
      </div>
    )
  const { text: asked, unit, max } = experiment.question(bench)
  return (
    <div class="result" data-of={experiment.name} data-agrees={outcome.agrees}>
      <div class="measured">
        <h3>{experiment.title}: what was measured</h3>
        <p class="hint">{asked}</p>
        <p class="answer">
          <strong>{outcome.answer}</strong> {unit === '%' ? '%' : `of ${max} ${unit}`}.{' '}
          {guess === undefined ? '' : guess === outcome.answer ? 'You said so.' : `You said ${guess}.`}
        </p>
        <table>
          <thead>
            <tr>
              <td />
              <th scope="col">Predicted</th>
              <th scope="col">Measured</th>
            </tr>
          </thead>
          <tbody>
            {(['broken', 'fixed'] as const).map(kind => (
              <tr key={kind} data-row={kind}>
                <th scope="row">{kind === 'broken' ? 'Broken' : 'Fixed'}</th>
                <td>{outcome[kind].predicted}</td>
                <td>{outcome[kind].measured}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <p class="badge" data-tone={outcome.agrees ? 'good' : 'bad'}>
          {outcome.agrees ? 'as predicted' : 'not as predicted'}
        </p>
      </div>
      <div class="why">
        <h3>Why</h3>
        {experiment.why.map(sentence => (
          <p key={sentence}>{sentence}</p>
        ))}
        <p>
          <a href={`/docs/scenarios/${experiment.scenario}`}>The whole story: {experiment.scenario}</a>
        </p>
      </div>
      <div class="lines">
        <h3>The lines that fix it</h3>
        {experiment.lines.map(lines => (
          <Copied key={lines.place} {...lines} />
        ))}
      </div>
    </div>
  )
}
