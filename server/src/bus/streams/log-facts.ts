import type { Log } from '../../observe/facts.ts'
import { RepeatedFact } from '../../observe/repeated-fact.ts'

/** What the reader of the log says of it. Each may come with every entry, or with every attempt. */
export class LogFacts {
  readonly unreadable: RepeatedFact
  readonly rolledBack: RepeatedFact
  readonly lost: RepeatedFact
  readonly hole: RepeatedFact
  readonly #foreign: RepeatedFact
  readonly #end: RepeatedFact
  #wasRead = false
  #foreignAtStart = 0

  constructor(log: Log) {
    this.unreadable = new RepeatedFact(log, {
      text: 'the log cannot be read: connecting again and again',
      over: 'the log can be read again',
    })
    this.#foreign = new RepeatedFact(log, {
      text: 'ignored entries of the log that no worker can have written',
    })
    this.rolledBack = new RepeatedFact(log, { text: 'the log has lost events: it goes on above our cursor' })
    this.lost = new RepeatedFact(log, {
      text: 'an acknowledged event is missing: streams are told of the gap',
    })
    this.hole = new RepeatedFact(log, { text: 'events are missing: streams are told of the gap' })
    this.#end = new RepeatedFact(log, { text: 'the log is read to its end', level: 'info' })
  }

  /** An entry was ignored. At the start there may be thousands: they are counted, and said when all is read. */
  ignored(id: string): void {
    if (this.#wasRead) this.#foreign.happened({ id })
    else this.#foreignAtStart += 1
  }

  /** It is read to its end, and no error came meanwhile. */
  readToItsEnd(details: { cursor: string }): void {
    if (this.#foreignAtStart > 0) this.#foreign.happened({}, '', this.#foreignAtStart)
    this.#foreignAtStart = 0
    this.#wasRead = true
    this.unreadable.over()
    this.#end.happened(details)
  }
}
