import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { longTurns, type LongTurn } from '@sse-lab/server/test/support/long-turns.ts'
import type { Contender } from './contender.ts'
import { rows, type Figures, type Row } from './rows.ts'
import { faultText, readNumber, runGenerator } from './run-generator.ts'
import { readPin } from './start.ts'
import { isLab, median, ratios, rowText, type Measured } from './table.ts'

/**
 * `make bench`: what a delivery and a stream cost, beside the limit of the machine and a plain Express hub, and with OTHERS=1
 * beside hubs of other people. The contenders of a row take turns in every round, so that a busy machine is busy for all.
 * ROUNDS=3; ROWS=nginx chooses rows by a part of their name; RATIO_MAX=2.5 fails where the lab's median costs more than so
 * many times the limit.
 */
const rounds = readNumber('ROUNDS', 3)
const ratioMax = readNumber('RATIO_MAX', Infinity)
const withOthers = process.env.OTHERS === '1'
const word = process.env.ROWS || undefined
const chosen = rows.filter(({ name, onlyWhenChosen }) =>
  word === undefined ? !onlyWhenChosen : name.includes(word),
)
const turns = longTurns.map(turn => ({ ...turn, name: `hub: longest turn, ${turn.name}` }))
const chosenTurns = turns.filter(({ name }) => word === undefined || name.includes(word))
if (chosen.length + chosenTurns.length === 0) {
  const names = [...rows, ...turns].map(({ name }) => name).join('\n')
  throw new Error(`ROWS: no row has "${word}" in its name. There are:\n${names}`)
}

const pins = await Promise.all(['NODE_IMAGE', 'REDIS_IMAGE', 'NGINX_IMAGE'].map(readPin))
print(
  `${availableParallelism()} cores (${cpus()[0]?.model}); ${pins.join(', ')}; median of ${rounds} rounds (least to most)`,
)
const complaints: string[] = []
/** As docs/curves reads it. */
const curves = {
  made: {} as Record<string, string>,
  points: [] as { curve: string; at: number; contender: string; answers: number[] }[],
}
for (const row of chosen) {
  const contenders = [...row.contenders, ...(withOthers ? (row.others ?? []) : [])]
  const measured = contenders.map(contender => ({
    contender,
    name: contender.name,
    answers: [] as number[],
    p50Ms: [] as number[],
    p99Ms: [] as number[],
    remarks: [] as string[],
  }))
  const failed = new Set<Contender>()
  for (let round = 0; round < rounds; round += 1) {
    for (const { contender, answers, p50Ms, p99Ms, remarks } of measured) {
      if (failed.has(contender)) continue
      try {
        const result = await measure(row, contender)
        answers.push(row.answer(result))
        p50Ms.push(result.p50Ms)
        p99Ms.push(result.p99Ms)
        const fault = faultText(result)
        // The others promise nothing.
        if (fault !== undefined && isLab(contender)) complaints.push(`${row.name}: the lab ${fault}`)
        else if (fault !== undefined) remarks.push(fault)
      } catch (error) {
        // With one of the others that is a result. It takes part no more: rounds are compared with each other.
        if (isLab(contender) || row.others?.includes(contender) !== true) throw error
        failed.add(contender)
        answers.length = 0
        remarks.push(`failed: ${String(error).trim().split('\n').at(-1)}`)
      }
    }
  }
  print(`\n${rowText(`${row.name}: ${row.unit}`, measured, row.more)}`)
  if (row.curve !== undefined) addToCurve(row.curve, measured)
  const [limit, lab] = measured
  if (row.cost && limit?.name === 'limit' && lab !== undefined && median(ratios(lab, limit)) > ratioMax)
    complaints.push(
      `${row.name}: ${median(ratios(lab, limit)).toFixed(2)} times the limit is above ${ratioMax}`,
    )
}
for (const turn of chosenTurns) print(`\n${await turnText(turn)}`)
if (curves.points.length > 0) await writeFile('load/reports/curves.json', JSON.stringify(curves))
for (const complaint of complaints) print(complaint)
process.exitCode = complaints.length > 0 ? 1 : 0

function addToCurve({ of, at }: NonNullable<Row['curve']>, measured: readonly Measured[]): void {
  const day = new Date().toISOString().slice(0, 10)
  curves.made[of] = `make bench ROWS=curve, ${day}, ${availableParallelism()} cores, ${rounds} rounds`
  for (const one of measured)
    curves.points.push({ curve: of, at, contender: isLab(one) ? 'lab' : one.name, answers: one.answers })
}

/** The hub alone, in this process: its streams are counters. */
async function turnText({ name, measure: measureTurn }: LongTurn): Promise<string> {
  const answers: number[] = []
  for (let round = 0; round < rounds; round += 1) answers.push(await measureTurn())
  return rowText(`${name}: CPU ms`, [{ name: 'lab', answers, p50Ms: [], p99Ms: [] }])
}

async function measure({ load }: Row, contender: Contender): Promise<Figures> {
  await using running = await contender.start()
  const topic = load.topics === undefined ? '' : '{{topic}}'
  const options = {
    subscribe: `${running.url}/events?topic=bench${topic}`,
    publish: `${running.url}/events`,
    pids: running.pids.join(),
    ...(topic !== '' && { body: '{"topic":"bench{{topic}}","data":"{{data}}"}' }),
    ...running.speech,
    ...load,
  }
  return await runGenerator(options)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
