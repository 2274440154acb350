import type { Report } from 'k6/x/eventsource'
import type { Side } from './sides.ts'

export type Script = 'fanout' | 'quiet' | 'reconnect' | 'capacity'

/** What one script found on one side. */
export type Row = {
  script: Script
  side: Side
  /** Streams that were asked for. */
  streams: number
  report: Report
  /** For how long nobody published, where that is the question. */
  quietS?: number
}

// As nginx/broken.conf has it.
const proxyTimeoutS = 60

/** Everything in a row that is not as it must be, as sentences. None is good. */
export function verdict({ script, side, streams, report, quietS }: Row): string[] {
  const wrong: string[] = []
  const must = (holds: boolean, sentence: string) => {
    if (!holds) wrong.push(`${script}, ${side.name}: ${sentence}`)
  }
  must(report.streams === streams, `${streams - report.streams} of ${streams} streams did not open in time`)
  // Silence can be measured without a way to publish.
  const silent = script === 'quiet' && side.name === 'given' && report.attempts === 0
  must(report.published > 0 || silent, 'nothing was published')
  must(report.refused === 0, `${report.refused} publishes were not acknowledged`)
  // Another server may well say something by itself.
  must(
    report.foreign === 0 || side.name === 'given',
    `${report.foreign} events came that nobody here published`,
  )
  must(report.doubled === 0, `${report.doubled} deliveries were duplicates`)
  must(report.disordered === 0, `${report.disordered} deliveries were out of order`)
  if (side.expects === 'delivery') {
    must(report.lost === 0, `${report.lost} of ${report.due} deliveries were lost${examples(report)}`)
  } else {
    must(report.lost > 0, 'nothing was lost, although each event should reach one worker only')
    must(
      report.unexplained === 0,
      `${report.unexplained} deliveries differ from what the workers' shares foretell`,
    )
  }
  if (script === 'quiet' && side.quiet === 'cut') {
    must(
      report.cuts >= streams,
      `expected all ${streams} idle streams to be cut, ${report.cuts} were${tooBrief(quietS)}`,
    )
  } else if (script !== 'reconnect') {
    must(report.cuts === 0, `${report.cuts} streams were cut`)
  } else {
    must(report.cuts > 0, 'no stream was cut, so nothing was proved')
  }
  return wrong
}

function tooBrief(quietS = Infinity): string {
  return quietS >= proxyTimeoutS
    ? ''
    : `: QUIET=${quietS}s is shorter than the ${proxyTimeoutS} s after which the lab's proxy cuts a silent stream`
}

function examples({ examples: [first] }: Report): string {
  if (first === undefined) return ''
  const { sequence, publisher, worker, holder } = first
  const event = `, as event ${sequence} of ${publisher}`
  return holder === '' ? event : `${event}, published through ${worker}, to a stream of ${holder}`
}
