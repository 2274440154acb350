import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** How many tests there were. What was skipped, or left for later, is in neither of the other two. */
export type Counts = { passed: number; failed: number; skipped: number }

/** Runs the tests of load/xk6-eventsource, which stand with the race detector in an image of their own, and prints what they say. */
export async function goTests(): Promise<Counts> {
  const child = spawn('docker', ['run', '--rm', '--init', '--network', 'none', 'sse-lab/k6:tests'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  let last = ''
  for await (const line of createInterface(child.stdout)) {
    process.stdout.write(`${line}\n`)
    if (line !== '') last = line
  }
  const [code] = await ended
  return goCounts(last, Number(code ?? 1))
}

/** Reads the last line of gotestsum. A run that ended with another code than 0 has a failure, and one without tests is an error. */
export function goCounts(line: string, code: number): Counts {
  const said = /^DONE (\d+) tests?(?:, (\d+) skipped)?(?:, (\d+) failures?)?(?:, (\d+) errors?)? in /.exec(
    line,
  )
  const count = (group: number) => Number(said?.[group] ?? 0)
  const [all, skipped, failures, errors] = [count(1), count(2), count(3), count(4)]
  if (all === 0) throw new Error(`no test in sse-lab/k6:tests; its last line: ${line}`)
  // A panic or a data race may end the run without a line for its test.
  const failed = code === 0 ? failures : Math.max(failures + errors, 1)
  return { passed: Math.max(all - skipped - failures, 0), failed, skipped }
}
