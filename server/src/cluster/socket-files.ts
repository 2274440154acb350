import { readdir, readlink, rename, rm, stat, symlink, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { every } from '../every.ts'
import type { Log } from '../observe/facts.ts'
import { kindOf, RepeatedFact } from '../observe/repeated-fact.ts'

const beatMs = 1000
const goneAfterMs = 5000
const removedAfterMs = 24 * 3_600_000

/** How many links stand at SOCKET, as nginx/sockets.conf has them. */
export const linkCount = 6

/**
 * The file that a server listens on, by the name of its host. Node removes it when it leaves: with one name for all, a container
 * that is being replaced would take its successor's away.
 */
export function ownSocketFile(path: string, host: string): string {
  return `${path}@${host}`
}

/**
 * nginx cannot see which servers are in a folder, as it sees those of a name in DNS. So it is given `linkCount` fixed links,
 * SOCKET.1 and on, and the servers see to it that each link leads to one of them that is there. Each server touches its own file
 * every second; one that has not been touched for five has lost its server. Where the links cannot be shared evenly, they move on
 * by one every second. All servers reckon the same, so it does not matter who moves a link: each is replaced in one step, and whoever
 * connects in that moment reaches the server before or the next one.
 */
export class SocketLinks {
  readonly #path: string
  readonly #own: string
  readonly #failing: RepeatedFact
  readonly #now: () => number
  #stop = (): void => {}

  /** `path` is SOCKET, `host` the server's own name. `now`: Date.now(), which the times of files are compared with. */
  constructor(path: string, host: string, log: Log, now: () => number = () => Date.now()) {
    this.#path = path
    this.#own = ownSocketFile(path, host)
    this.#now = now
    this.#failing = new RepeatedFact(log, {
      text: 'the links at SOCKET cannot be kept: nginx may not find this server',
      level: 'error',
      over: 'the links at SOCKET are kept again',
    })
  }

  /** Begins, when the server listens on its file. Rejects as the file system does; later failures are logged. */
  async start(): Promise<void> {
    await this.settle()
    this.#stop = every(beatMs, async () => {
      try {
        await this.settle()
        this.#failing.over()
      } catch (error) {
        this.#failing.happened({ err: error }, kindOf(error))
      }
    })
  }

  stop(): void {
    this.#stop()
  }

  /** Says that this server is there, as long as it listens, and moves the links that lead elsewhere than they should. */
  async settle(): Promise<void> {
    const now = new Date(this.#now())
    await utimes(this.#own, now, now).catch(unlessMissing)
    const servers = await this.#servers()
    if (servers.length === 0) return
    const turn = linkCount % servers.length === 0 ? 0 : Math.floor(this.#now() / beatMs)
    for (let n = 0; n < linkCount; n += 1)
      await this.#lead(`${this.#path}.${n + 1}`, servers[(n + turn) % servers.length] ?? '')
  }

  /** The files of all servers that are there, in the same order for everybody. */
  async #servers(): Promise<string[]> {
    const folder = dirname(this.#path)
    const prefix = ownSocketFile(basename(this.#path), '')
    const names = (await readdir(folder)).filter(name => name.startsWith(prefix)).toSorted()
    const found: string[] = []
    for (const name of names) {
      const file = join(folder, name)
      const ageMs = this.#now() - ((await stat(file).catch(unlessMissing))?.mtimeMs ?? -Infinity)
      if (ageMs < goneAfterMs) found.push(name)
      // A container that was killed and never came back. Not sooner: one that was paused goes on at its file.
      else if (ageMs > removedAfterMs) await rm(file, { force: true })
    }
    return found
  }

  // By name alone: the folder may be mounted elsewhere in nginx's container.
  async #lead(link: string, name: string): Promise<void> {
    if ((await readlink(link).catch(unlessMissing)) === name) return
    const made = `${link}.${basename(this.#own)}.${process.pid}`
    await rm(made, { force: true })
    await symlink(name, made)
    await rename(made, link)
  }
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
  throw error
}
