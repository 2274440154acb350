import { element, write } from './element.ts'
import { Ledger } from './ledger.ts'
import { explainLoss } from './loss.ts'
import type { Notice } from './notice.ts'

const numbers = {
  acknowledged: element('acknowledged', HTMLElement),
  received: element('received', HTMLElement),
  onTheWay: element('on-the-way', HTMLElement),
  lost: element('lost', HTMLElement),
  doubled: element('doubled', HTMLElement),
}

/** The five numbers, and the line that says why something is lost. */
export function showLedger(ledger: Ledger, notice: Notice, bus: string): void {
  const nowMs = performance.now()
  const counts = ledger.count(nowMs)
  for (const key of ['acknowledged', 'received', 'onTheWay', 'lost', 'doubled'] as const) {
    write(numbers[key], String(counts[key]))
    numbers[key].dataset['count'] = counts[key] === 0 ? 'none' : 'some'
  }
  const last = ledger.lastLoss(nowMs)
  notice.say('loss', last ? explainLoss(counts.lost, last, bus) : '')
}
