import { spawn, type ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { until } from './wait.ts'

/**
 * `make test-readme`: runs the commands of README.md, docs/tour.md and docs/take-it-home.md as a newcomer would, in order, against the lab that
 * `make up` brings up. A comment above a command says what is special: `ci: prints REGEX` (its output, or that of what
 * stays open), `ci: stays open` (judged and stopped at the end of its page), `ci: runs in FILE` (tested there instead).
 */
type Block = { command: string; note: string }

const pages = ['README.md', 'docs/tour.md', 'docs/take-it-home.md']

const root = fileURLToPath(new URL('..', import.meta.url))
const withinMs = 180_000

function readBlocks(markdown: string): Block[] {
  const blocks = markdown.matchAll(/(?:<!-- ci: (?<note>.*?) -->\n\n)?```sh\n(?<command>.*?)```/gs)
  return [...blocks].map(({ groups }) => ({
    command: groups?.command?.trim() ?? '',
    note: groups?.note ?? '',
  }))
}

/** A command in a shell of its own, and what it printed so far. */
class Running {
  output = ''
  answered = false
  code: number | undefined
  readonly block: Block
  readonly #shell: ChildProcess

  constructor(block: Block) {
    this.block = block
    this.#shell = spawn('bash', ['-euo', 'pipefail', '-c', block.command], { cwd: root, detached: true })
    for (const stream of [this.#shell.stdout, this.#shell.stderr]) {
      stream?.setEncoding('utf8').on('data', text => (this.output += String(text)))
    }
    this.#shell.stdout?.once('data', () => (this.answered = true))
    this.#shell.once('exit', code => (this.code = code ?? 1))
  }

  async ended(): Promise<void> {
    await until('its end', withinMs, () => this.code !== undefined)
    if (this.code !== 0) throw new Error(`it ended with ${this.code}`)
  }

  /** One goes on to the next command when the one that stays open has shown something: curl's progress is on stderr. */
  async shows(): Promise<void> {
    await until('its first output', 5000, () => this.answered || this.code !== undefined)
  }

  async printed(): Promise<void> {
    const pattern = /prints (?<pattern>.*)$/s.exec(this.block.note)?.groups?.pattern
    if (pattern === undefined) return
    await until(`output like ${pattern}`, 5000, () => new RegExp(pattern, 'm').test(this.output))
  }

  stop(): void {
    if (this.code === undefined && this.#shell.pid !== undefined) process.kill(-this.#shell.pid)
  }
}

let passed = 0
let failed = 0

async function judge(running: Running, proof: () => Promise<void>): Promise<void> {
  const [first] = running.block.command.split('\n')
  try {
    await proof()
    passed += 1
    process.stdout.write(`✔ ${first}\n`)
  } catch (error) {
    failed += 1
    process.stdout.write(`✖ ${first}\n${String(error)}\nit printed:\n${running.output}\n`)
  }
}

async function runPage(page: string): Promise<void> {
  const open: Running[] = []
  for (const block of readBlocks(await readFile(`${root}/${page}`, 'utf8'))) {
    // `make test` runs after this, not inside it.
    if (block.note.startsWith('runs in') || block.command === 'make test') continue
    const running = new Running(block)
    if (block.note.startsWith('stays open')) {
      open.push(running)
      // One that shows nothing is judged at the end, with its pattern.
      await running.shows().catch(() => undefined)
      continue
    }
    await judge(running, async () => {
      await running.ended()
      await running.printed()
    })
  }
  for (const running of open) {
    await judge(running, () => running.printed())
    running.stop()
  }
}

for (const page of pages) {
  const before = passed + failed
  await runPage(page)
  if (passed + failed > before) continue
  failed += 1
  process.stdout.write(`✖ ${page} has no command that runs here\n`)
}
process.stdout.write(`${pages.join(' and ')}: ${passed} passed, ${failed} failed\n`)
process.exit(failed > 0 ? 1 : 0)
