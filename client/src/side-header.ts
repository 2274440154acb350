import { element, write } from './element.ts'
import { serverOf } from './lab/name.ts'
import { otherSide, sideOf } from './side.ts'
import type { Hello } from './stream.ts'
import type { Worker } from './lab/workers.ts'

const name = element('side', HTMLElement)
const sentence = element('side-sentence', HTMLElement)
const link = element('other-side', HTMLAnchorElement)
const curl = element('curl', HTMLElement)

/** Which side of the lab this is: from what its worker said, not from the port. */
export function showSide(hello: Hello, workers: readonly Worker[]): void {
  const isBeside = ({ bus, worker }: Worker): boolean =>
    bus === hello.bus && serverOf(worker) === serverOf(hello.worker)
  // By name: for a moment after a reload two processes have the same.
  const names = new Set(workers.filter(isBeside).map(({ worker }) => worker))
  const side = sideOf(hello, names.size)
  document.documentElement.dataset['side'] = side.kind
  document.title = `${side.name} · SSE Scaling Lab`
  write(name, side.name)
  write(sentence, side.sentence)
}

/** Writes the topic into every address on the page: its own, the other side's, the one for a shell. */
export function showAddresses(topic: string): void {
  const address = new URL(location.href)
  address.searchParams.set('topic', topic)
  history.replaceState(null, '', address)
  // No topic has a quote in it, so the line is safe to paste.
  const body = JSON.stringify({ topic, data: 'Hello from a shell' })
  write(curl, `curl -H 'Content-Type: application/json' \\\n  -d '${body}' \\\n  ${location.origin}/events`)
  const other = otherSide(address)
  if (other === undefined) return
  link.hidden = false
  link.href = other.href
  write(link, `The other side: port ${other.port}`)
}
