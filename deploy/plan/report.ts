import { catalogue, constantNames } from './constants.ts'
import type { Return } from './herd.ts'
import type { Returns } from './returns.ts'
import type { Limit } from './limits.ts'
import type { Design, Plan } from './plan.ts'

// `one` is the default, `partitions` is PARTITIONS. The others are reckoned.
const built: readonly Design[] = ['one', 'partitions']
const designTexts: Record<Design, string> = {
  one: 'one: a log that every worker reads',
  replicas: 'replicas: one log, and a copy on each host that its workers read',
  partitions: 'partitions: a log for each share of the scopes, and workers that read what their streams want',
  cells: 'cells: several of these side by side, each with logs and workers of its own',
}

/** The plan for people. */
export function planText(plan: Plan, herd: Returns): string {
  const { question, busyCores: busy, memoryGib: memory, monthUsd: usd } = plan
  const busySum = busy.deliveries + busy.heartbeats + busy.publishes + busy.reading + busy.nginx + busy.redis
  const rows: [string, string][] = [
    ['streams', `${count(question.streams)} over ${of(question.topics, 'topic')}`],
    [
      'events',
      `${count(question.eventsPerSecond)} a second of ${count(question.eventBytes)} bytes: ${count(plan.deliveriesPerSecond)} deliveries a second`,
    ],
    [
      'log',
      `${designTexts[plan.design]}${built.includes(plan.design) ? '' : ' (reckoned, not built: docs/scale.md)'}`,
    ],
    [
      '',
      `${of(plan.logs, 'log')} in ${of(plan.cells, 'cell')}; ${of(plan.masters, 'master')}, ${plan.redisNodes} Redis with their replicas`,
    ],
    [
      '',
      `the busiest Redis: ${percent(plan.redisCore.inBatches)} of its core when reads form batches (some ms late), ${percent(plan.redisCore.alone)} when each event is read at once`,
    ],
    [
      'workers',
      `${count(plan.workers)}, a core each; ${percent(plan.readingCore)} of it for reading the log`,
    ],
    [
      'hosts',
      `${count(plan.hosts)} of ${question.hostCores} cores and ${question.hostGib} GiB, one of them spare; ${count(plan.streamsPerHost)} streams each while one is away`,
    ],
    [
      'busy cores',
      `${count(busySum)}: deliveries ${count(busy.deliveries)}, heartbeats ${count(busy.heartbeats)}, publishes ${count(busy.publishes)}, reading ${count(busy.reading)}, nginx ${count(busy.nginx)}, Redis ${count(busy.redis)}`,
    ],
    [
      'memory',
      `${count(memory.total)} GiB: workers ${count(memory.workers)}, nginx ${count(memory.nginx)}, kernel ${count(memory.kernel)}, Redis ${count(memory.redis)}`,
    ],
    [
      'network',
      `${count(plan.clientsGbit)} Gbit/s to clients; ${count(plan.redisGbit)} Gbit/s from the busiest Redis`,
    ],
    [
      'a month',
      `US$ ${count(usd.total)}: hosts ${count(usd.hosts)}, Redis ${count(usd.redis)}, traffic ${count(usd.traffic)} (list prices)`,
    ],
  ]
  const lines = rows.map(([name, text]) => `${name.padEnd(11)} ${text}`)
  if (!plan.fits)
    lines.unshift(
      'DOES NOT FIT: no layout of the log here carries this; the limits above 100 % below say why.',
      '',
    )
  return [
    ...lines,
    '',
    'What breaks first (share of each bound at its default; above 100 % it must be raised before):',
    ...plan.limits.map(limitText),
    '',
    `All ${count(question.streams)} come back at once:`,
    `  told 1 to 5 s             ${returnText(herd.fixed)}`,
    told(herd.toldMaxS, ', as now') + returnText(herd.now),
    Number.isFinite(herd.fittedRetryMaxS)
      ? told(herd.fittedRetryMaxS) + returnText(herd.fitted)
      : '  no core is spare when all are back: no wait helps',
    '',
    'Half of the hosts are lost, and their streams come to the other half:',
    told(herd.toldMaxS, ', as now') + returnText(herd.halfLost),
    '',
    'Assumed, because nobody measured it:',
    ...constantNames
      .filter(name => catalogue[name].how === 'assumed')
      .map(
        name => `  ${name} = ${catalogue[name].value} ${catalogue[name].unit} (${catalogue[name].source})`,
      ),
  ].join('\n')
}

function told(maxS: number, more = ''): string {
  return `  told 1 to ${count(maxS)} s${more}`.padEnd(28)
}

function limitText({ name, need, bound, used, unit, remedy }: Limit): string {
  const figures = `${count(need)} of ${count(bound)} ${unit}`
  return `  ${percent(used).padStart(7)}  ${name}: ${figures}${used > 1 ? `. Set: ${remedy}` : ''}`
}

function returnText({ seconds, connects, back, fullSeconds, waitSeconds }: Return): string {
  const time =
    seconds === null
      ? `NOT back within an hour (${percent(back)} of them are)`
      : `back in ${count(seconds)} s`
  const full =
    fullSeconds === 0
      ? 'nobody waits'
      : `all cores are busy for ${count(fullSeconds)} s, and a client waits up to ${count(waitSeconds)} s for its connection`
  return `${time}; a client connects ${connects.toFixed(1)} times; ${full}`
}

/** Every constant in a line of its own. */
export function constantsText(): string {
  return constantNames
    .map(name => {
      const { value, unit, how, source } = catalogue[name]
      return `${name} = ${value} ${unit}\n    ${how}: ${source}`
    })
    .join('\n')
}

function of(number: number, word: string): string {
  return `${count(number)} ${word}${number === 1 ? '' : 's'}`
}

/** Three digits are as many as the constants have. */
export function count(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.01) return '< 0.01'
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(2))
  return rounded.toLocaleString('en-US')
}

function percent(share: number): string {
  return `${count(share * 100)} %`
}
