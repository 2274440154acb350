import { Bench } from './bench.ts'
import { element, write } from './element.ts'
import { randomTab, readData, type OwnData } from './lab/event-data.ts'
import { EventTable } from './event-table.ts'
import { Ledger } from './ledger.ts'
import { showLedger } from './ledger-card.ts'
import { readBrowser, readLab } from './lab/lab.ts'
import { Notice } from './notice.ts'
import { readSides } from './lab/origins.ts'
import { publish } from './lab/publish.ts'
import { Publishers } from './lab/publishers.ts'
import { showAddresses, showSide } from './side-header.ts'
import { showScenarios } from './scenario-list.ts'
import { openStream, type Hello, type Stream, type StreamEvent } from './stream.ts'
import { StreamCard } from './stream-card.ts'
import { defaultTopic, isTopic, topicRule } from './lab/topic.ts'
import { showWorkers } from './worker-table.ts'
import { watchWorkers, type Worker } from './lab/workers.ts'

const burstEvents = 20
const tickMs = 250

const card = new StreamCard()
const notice = new Notice(element('notice', HTMLElement))
const events = new EventTable(element('events', HTMLTableSectionElement))
const workersBody = element('workers', HTMLTableSectionElement)
const workersNote = element('workers-note', HTMLElement)
const topicInput = element('topic', HTMLInputElement)
const textInput = element('text', HTMLInputElement)
const burst = element('burst', HTMLButtonElement)

const publishers = new Publishers((id, worker) => events.setPublisher(id, worker))
const tab = randomTab()
let seq = 0
let topic = ''
let ledger = new Ledger()
let stream: Stream | undefined
let hello: Hello | undefined
let isOpen = false
let workers: readonly Worker[] = []
let bench: Bench | undefined

/** A fresh stream, list and ledger: what is still on the way on the old topic has nowhere to arrive. */
function join(next: string): void {
  stream?.close()
  bench?.leaveTopic()
  topic = next
  ledger = new Ledger()
  events.clear()
  notice.clear('problem', 'gap', 'loss')
  topicInput.value = topic
  showAddresses(topic)
  stream = openStream(
    { url: `/events?topic=${encodeURIComponent(topic)}` },
    {
      state(state) {
        isOpen = state === 'open'
        if (!isOpen) ledger.leave()
        bench?.setOwnStreamCut(state === 'reconnecting')
        card.enter(state)
      },
      hello(said, id) {
        hello = said
        ledger.greet(said.bus, id, performance.now())
        card.greet(said)
        notice.clear('gap')
        showLab()
      },
      heartbeat(id) {
        ledger.reach(id)
        card.beat()
      },
      gap(oldest, id) {
        ledger.reach(id)
        events.addGap(oldest)
        notice.say(
          'gap',
          'Gap: the server cannot say that nothing is missing since this stream was last open.',
        )
      },
      event: receive,
    },
  )
}

function receive(event: StreamEvent): void {
  const { text, tab: from, seq: sentSeq, sentAt } = readData(event.data)
  const own = from === tab && sentSeq !== undefined
  const latencyMs = sentAt === undefined ? undefined : Date.now() - sentAt
  events.add({ id: event.id, text, latencyMs, worker: publishers.of(event.id), own })
  if (!own) {
    ledger.reach(event.id)
    return
  }
  ledger.receive(event.id, sentSeq)
  showCounts()
}

async function send(): Promise<boolean> {
  // Both belong to the moment of sending: by the time of the answer the topic or the worker may be another.
  const sentIn = ledger
  const heldBy = isOpen ? hello?.worker : undefined
  seq += 1
  const data: OwnData = { text: textInput.value, tab, seq, sentAt: Date.now() }
  const answer = await publish({ topic, data }, bench?.callTo)
  if (!answer.acknowledged) {
    notice.say('problem', answer.problem)
    return false
  }
  notice.clear('problem')
  sentIn.acknowledge({ id: answer.id, seq: data.seq, publishedBy: answer.worker, heldBy }, performance.now())
  publishers.tell(answer.id, answer.worker)
  showCounts()
  return true
}

/** One after the other, so that they have an order. The first refusal ends it, and so does another topic. */
async function sendBurst(): Promise<void> {
  if (burst.ariaBusy === 'true') return
  burst.ariaBusy = 'true'
  const sentIn = ledger
  for (let sent = 0; sent < burstEvents; sent += 1) {
    if (ledger !== sentIn || !(await send())) break
  }
  burst.ariaBusy = 'false'
}

function showCounts(): void {
  showLedger(ledger, notice, hello?.bus ?? '')
}

function showLab(): void {
  showWorkers(workersBody, workers, hello)
  if (hello) showSide(hello, workers)
  bench?.setWorkers(workers, hello?.bus)
}

function changeTopic(): void {
  const next = topicInput.value.trim()
  if (next === topic) return
  if (isTopic(next)) join(next)
  else notice.say('problem', topicRule)
}

topicInput.addEventListener('change', changeTopic)
element('topic-form', HTMLFormElement).addEventListener('submit', event => {
  event.preventDefault()
  changeTopic()
})
element('publish-form', HTMLFormElement).addEventListener('submit', event => {
  event.preventDefault()
  void send()
})
burst.addEventListener('click', () => void sendBurst())

const asked = new URLSearchParams(location.search).get('topic') ?? defaultTopic
join(isTopic(asked) ? asked : defaultTopic)
if (!isTopic(asked)) notice.say('problem', topicRule)
showCounts()
setInterval(() => {
  showCounts()
  card.tick()
}, tickMs)
const callTo = () => bench?.callTo ?? ''
watchWorkers(callTo, {
  list(list) {
    workers = list.workers
    write(
      workersNote,
      list.partial ? 'Partial: Redis is away, so a worker lists only itself.' : 'Both sides, every 2 s.',
    )
    showLab()
  },
  failed: problem => write(workersNote, `The list is old: ${problem}.`),
})
void openBench()

async function openBench(): Promise<void> {
  const lab = await readLab()
  bench = new Bench({
    lab,
    sides: readSides(location.origin, lab.origins, await readBrowser(lab)),
    // Its events are not this tab's own: they have a ledger of theirs.
    tab: randomTab(),
    topic: () => topic,
    problem(origin, text) {
      if (text === '') notice.clearLater(`problem at ${origin}`)
      else notice.say(`problem at ${origin}`, text)
    },
    act(origin, text) {
      if (text === '') notice.clearLater(`act at ${origin}`)
      else notice.say(`act at ${origin}`, text)
    },
    published: (id, worker) => publishers.tell(id, worker),
  })
  showLab()
  await showScenarios(lab.report)
}
