import { randomUUID } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { docker, label, network } from '@sse-lab/testkit/stack.ts'
import type { Row } from '../lib/verdict.ts'

/** What k6 did: 0, or 99 where a threshold was crossed; what it printed; its report, if it came that far. */
export type Run = {
  code: number | null
  output: string
  report:
    | {
        rows: Row[]
        wrong: string[]
        costs?: { streams: number; streamKib: number; deliveryUs: number; limit: string }[]
      }
    | undefined
  /** The report as HTML. */
  page: string | undefined
}

/** Runs a script of load/ in the network of the stack. `onLine` hears what it prints as it goes. */
export async function k6(
  script: string,
  env: Record<string, string>,
  onLine: (line: string) => void = () => undefined,
): Promise<Run> {
  const name = `sse-lab-test-k6-${randomUUID()}`
  const variables = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`])
  const limits = [
    '--network',
    network,
    '--label',
    `sse-lab.test=${label['sse-lab.test']}`,
    '--ulimit',
    'nofile=20000:20000',
  ]
  await docker(
    'create',
    '--name',
    name,
    ...limits,
    ...variables,
    'sse-lab/k6',
    'run',
    '--quiet',
    `${script}.ts`,
  )
  try {
    const child = spawn('docker', ['start', '--attach', name])
    let output = ''
    const hear = (data: Buffer) => {
      output += data.toString()
      onLine(data.toString())
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    await once(child, 'close')
    const json = await readReport(name, `${script}.json`)
    // Our own file, written by lib/summary.ts; the assertions check what they need of it.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const report = json === undefined ? undefined : (JSON.parse(json) as Run['report'])
    return { code: child.exitCode, output, report, page: await readReport(name, `${script}.html`) }
  } finally {
    await docker('rm', '--force', name)
  }
}

async function readReport(container: string, report: string): Promise<string | undefined> {
  const file = `/tmp/${container}-${report}`
  try {
    await docker('cp', `${container}:/load/reports/${report}`, file)
    return await readFile(file, 'utf8')
  } catch {
    return undefined
  } finally {
    await rm(file, { force: true })
  }
}
