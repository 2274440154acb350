import { findingText } from '../report.ts'
import { judge } from './judge.ts'
import { proxies } from './list.ts'

/** `make proxies`: every proxy at its default and mended, and what the doctor says of each. NAME=nginx for some of them. */
const chosen = proxies.filter(({ name }) => name.includes(process.env.NAME ?? ''))
// Each waits most of its time, but delays are measured meanwhile.
const atATime = 4

async function show(proxy: (typeof proxies)[number], variant: 'broken' | 'mended'): Promise<boolean> {
  const findings = await judge(proxy, variant).catch((error: unknown) => {
    process.stdout.write(`\n== ${proxy.name}, ${variant}: ${String(error)}\n`)
    return undefined
  })
  if (findings === undefined) return false
  const lines = findings
    .filter(({ verdict }) => verdict === 'BROKEN' || verdict === 'RISK')
    .map(finding => findingText(finding))
  process.stdout.write(`\n== ${proxy.name}, ${variant}: ${proxy[variant].line}\n${lines.join('\n')}\n`)
  const red = findings.filter(({ verdict }) => verdict === 'BROKEN').map(({ check }) => check)
  return red.join() === proxy[variant].expects.join()
}

const left = chosen.flatMap(proxy => [() => show(proxy, 'broken'), () => show(proxy, 'mended')])
const results: boolean[] = []
const worker = async () => {
  for (let next = left.shift(); next !== undefined; next = left.shift()) results.push(await next())
}
await Promise.all(Array.from({ length: atATime }, worker))
const wrong = results.filter(right => !right).length
process.stdout.write(`\n${results.length - wrong} passed, ${wrong} failed\n`)
process.exitCode = wrong > 0 ? 1 : 0
