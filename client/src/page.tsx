import { render, type ComponentChild } from 'preact'
import { askedTopic, Bench } from './bench.ts'
import { Course } from './experiments/course.ts'
import { readLab, type Lab } from './lab/lab.ts'
import { whyRefused } from './lab/session.ts'
import { pictureOf } from './side/picture.ts'
import { Catalogue, readCatalogue } from './view/catalogue.tsx'
import { Details } from './view/details.tsx'
import { Experiments } from './view/experiments.tsx'
import { Footer } from './view/footer.tsx'
import { Hero } from './view/hero.tsx'
import { SignIn } from './view/sign-in.tsx'

/** Events come faster than anybody reads. The hero follows at once, what is folded below more slowly. */
const heroMsMin = 120
const restMsMin = 400
/** Things change by themselves, too: seconds that are counted, events that become lost. */
const tickMs = 500

function place(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`index.html has no element with the id ${id}`)
  return found
}

function put(id: string, view: ComponentChild): void {
  render(view, place(id))
}

function nothing(): void {}

/** Draws when something has changed, and not more often than every so many milliseconds. */
function painter(everyMs: number, paint: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let paintedAtMs = 0
  return () => {
    timer ??= setTimeout(
      () => {
        timer = undefined
        paintedAtMs = performance.now()
        paint()
      },
      Math.max(0, paintedAtMs + everyMs - performance.now()),
    )
  }
}

async function main(): Promise<void> {
  if (new URLSearchParams(location.search).has('present')) document.documentElement.dataset['present'] = ''
  const lab = await readLab()
  // Only a lab says what it is, and a lab refuses nobody.
  const refused = lab.bus === '' ? await whyRefused([askedTopic(), 'page/any']) : undefined
  if (refused === undefined) await openBench(lab)
  else put('hero', <SignIn reason={refused} topic={askedTopic()} />)

  const catalogue = await readCatalogue(lab.report)
  if (catalogue) put('scenarios', <Catalogue {...catalogue} />)
  put('footer', <Footer ranAt={catalogue?.report.ranAt.slice(0, 10)} />)
}

async function openBench(lab: Lab): Promise<void> {
  let paintAll: () => void = nothing
  const bench = await Bench.open(lab, () => paintAll())
  const course = new Course(bench, () => paintAll())

  const paintHero = painter(heroMsMin, () => {
    const nowMs = performance.now()
    const pictures = bench.sides.map(side => [side, pictureOf(side, nowMs)] as const)
    const isQuiet = course.running === 'quiet' && course.of('quiet').untilMs !== undefined
    put('hero', <Hero bench={bench} pictures={pictures} isQuiet={isQuiet} />)
    put(
      'notices',
      bench.notices.all.map(([about, text]) => <p key={about}>{text}</p>),
    )
  })
  const paintRest = painter(restMsMin, () => {
    put('experiments', <Experiments bench={bench} course={course} />)
    put('details', <Details bench={bench} />)
  })
  paintAll = () => {
    paintHero()
    paintRest()
  }
  paintAll()
  setInterval(() => paintAll(), tickMs)
}

void main()
