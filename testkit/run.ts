import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { glob } from 'node:fs/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { promisify } from 'node:util'
import { goTests, type Counts } from './go-tests.ts'

/**
 * `make test`: every part in turn, with its time, and one line of counts at the end. PARTS=unit,page runs only those.
 * Runs inside the sse-lab/test container.
 */
type Part = { name: string; needsStack?: true; onlyWhenChosen?: true; act: () => Promise<Counts> }

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

const unit = ['server/src/**/*.test.ts', 'server/test/{scripts,support}/*.test.ts']

const parts: Part[] = [
  {
    name: 'lint',
    act: async () =>
      sum(
        await command('npm', 'run', '--silent', 'lint'),
        await command('scripts/lint-shell.sh', 'required'),
      ),
  },
  { name: 'types', act: () => command('npm', 'run', '--silent', 'types') },
  {
    name: 'unit',
    act: () =>
      tests(
        [
          ...unit,
          '{client/src,load/bench,load/k6/lib,conformance}/**/*.test.ts',
          'doctor/{,checks/,observe/,proxies/}*.test.ts',
          'testkit/*.test.ts',
          'deploy/{plan,k8s}/*.test.ts',
          'scenarios/{catalogue,symptoms}.test.ts',
          'docs/test/{site,repository,curves}.test.ts',
        ],
        true,
      ),
  },
  {
    // The servers of other people are in an image of their own, which runs this part.
    name: 'foreign',
    act: () =>
      process.env.FOREIGN === undefined
        ? command('docker', 'run', '--rm', '--init', 'sse-lab/foreign')
        : tests(['conformance/foreign/foreign.ts'], false),
  },
  { name: 'doctor', act: () => tests(['doctor/test/*.test.ts'], false) },
  {
    name: 'proxies',
    act: () => command('docker', 'run', '--rm', '--init', '--network', 'none', 'sse-lab/proxies'),
  },
  // Groups of Redis processes on loopback: sentinels, a cluster.
  { name: 'modes', act: () => tests(['server/test/modes/*.test.ts'], false) },
  { name: 'page', act: () => tests(['{client,docs}/test/*.browser.test.ts'], false) },
  { name: 'go', act: goTests },
  {
    name: 'system',
    needsStack: true,
    act: () =>
      tests(
        process.env.FILES?.split(' ') ?? [
          'server/test/*.test.ts',
          'client/test/*.lab.test.ts',
          'load/k6/test/*.test.ts',
          'examples/*/*.test.ts',
        ],
        false,
      ),
  },
  { name: 'examples', needsStack: true, act: () => tests(['examples/*.test.ts'], false) },
  { name: 'scenarios', needsStack: true, act: () => tests(['scenarios/scenarios.test.ts'], false) },
  {
    name: 'catalogue',
    needsStack: true,
    onlyWhenChosen: true,
    act: () => command('node', 'scenarios/main.ts'),
  },
  { name: 'faults', needsStack: true, act: () => tests(['server/test/faults/*.test.ts'], false) },
  {
    name: 'soak',
    needsStack: true,
    onlyWhenChosen: true,
    act: () => command('node', 'server/test/faults/soak.ts'),
  },
]

/** What failed, for the end of the run: its own place may be thousands of lines above. */
const failures: string[] = []

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** What a part starts is ended after this: one that hangs is named, and the others still run. The longest takes 15 minutes. */
const partMs = 25 * 60_000

async function command(...words: [string, ...string[]]): Promise<Counts> {
  const [file, ...args] = words
  const [code] = await once(spawn(file, args, { stdio: 'inherit', timeout: partMs }), 'exit')
  if (code === 0) return { passed: 1, failed: 0, skipped: 0 }
  failures.push(words.join(' '))
  return { passed: 0, failed: 1, skipped: 0 }
}

function sum(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

/** Runs test files with Node's runner. Those that share the stack run one at a time. */
async function tests(patterns: string[], concurrency: boolean): Promise<Counts> {
  const files: string[] = []
  for await (const file of glob(patterns)) files.push(file)
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  const stream = run({
    files: files.toSorted(),
    concurrency,
    timeout: 480_000,
    signal: AbortSignal.timeout(partMs),
  })
  stream.on('test:fail', ({ name, file = '', details: { error } }) => {
    // A test that failed by its parts is named by them.
    if (!('failureType' in error) || error.failureType !== 'subtestsFailed')
      failures.push(`${name} (${relative(root, file)})`)
  })
  stream.on('test:summary', ({ file, counts: all }) => {
    if (file !== undefined) return // one file's; the last is that of all
    counts.passed = all.passed
    counts.failed = all.tests - all.passed - all.skipped - all.todo
    counts.skipped = all.skipped + all.todo
  })
  stream.compose(spec()).pipe(process.stdout, { end: false })
  await once(stream, 'end')
  if (counts.passed + counts.failed === 0) throw new Error(`no test in ${patterns.join(' ')}`)
  return counts
}

/** Testcontainers' reaper needs an image of its own. Where it cannot be had, the stack cleans up by label. */
async function arrangeReaper(): Promise<void> {
  const image = 'testcontainers/ryuk:0.14.0'
  const docker = promisify(execFile)
  const has = await docker('docker', ['image', 'inspect', image])
    .catch(() => docker('docker', ['pull', '--quiet', image]))
    .catch(() => undefined)
  if (has !== undefined) return
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
  print(`${image} cannot be had: the tests clean up by themselves`)
}

async function main(): Promise<void> {
  const chosen = process.env.PARTS?.split(',')
  const unknown = chosen?.filter(name => !parts.some(part => part.name === name)) ?? []
  if (unknown.length > 0) {
    throw new Error(
      `PARTS: there is no ${unknown.join(', ')}; choose from ${parts.map(({ name }) => name).join(', ')}`,
    )
  }

  const total: Counts = { passed: 0, failed: 0, skipped: 0 }
  const times: string[] = []
  await using resources = new AsyncDisposableStack()
  let stack = false
  process.once('SIGINT', () => void resources.disposeAsync().then(() => process.exit(130)))
  for (const part of parts) {
    if (chosen === undefined ? part.onlyWhenChosen : !chosen.includes(part.name)) continue
    print(`\n== ${part.name}`)
    const begun = Date.now()
    if (part.needsStack && !stack) {
      await arrangeReaper()
      const { startStack } = await import('./stack.ts')
      resources.use(await startStack())
      stack = true
      print(`the stack is up after ${seconds(begun)}`)
    }
    const namedBefore = failures.length
    const counts = await part.act()
    if (counts.failed > 0 && failures.length === namedBefore) failures.push(part.name)
    total.passed += counts.passed
    total.failed += counts.failed
    total.skipped += counts.skipped
    times.push(`${part.name} ${seconds(begun)}${counts.failed > 0 ? ' FAILED' : ''}`)
  }

  print(`\ntimes: ${times.join(', ')}`)
  for (const failure of failures) print(`FAILED: ${failure}`)
  if (total.skipped > 0)
    print(
      `SKIPPED: ${total.skipped} tests did not run${process.env.CI ? ', and in CI that is a failure' : ''}`,
    )
  print(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  process.exitCode = total.failed > 0 || (process.env.CI && total.skipped > 0) ? 1 : 0
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`
}

await main()
