import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

export type Said = { code: number; out: string; error: string }

/** A copy of the scripts and the Makefile in a folder of their own, whose `docker` is a fake, and no variable of ours. */
export class Copy implements AsyncDisposable {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async make(commands: Record<string, string> = {}): Promise<Copy> {
    const folder = await mkdtemp(join(tmpdir(), 'sse-lab-scripts-'))
    for (const name of ['scripts', 'load/k6/struck.sh', 'Makefile', '.env'])
      await cp(join(root, name), join(folder, name), { recursive: true })
    await mkdir(join(folder, 'bin'))
    for (const [name, script] of Object.entries(commands)) {
      await writeFile(join(folder, 'bin', name), `#!/bin/bash\n${script}\n`)
      await chmod(join(folder, 'bin', name), 0o755)
    }
    return new Copy(folder)
  }

  async write(name: string, content: string): Promise<void> {
    await writeFile(join(this.folder, name), content)
  }

  /** Runs a command in the folder, with these variables and no others. */
  async run(words: [string, ...string[]], env: Record<string, string> = {}): Promise<Said> {
    const [file, ...args] = words
    const path = `${join(this.folder, 'bin')}:${process.env.PATH ?? ''}`
    const child = spawn(file, args, { cwd: this.folder, env: { PATH: path, HOME: this.folder, ...env } })
    const ended = once(child, 'close')
    const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)])
    const [code] = await ended
    return { code: Number(code), out, error }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true })
  }
}
