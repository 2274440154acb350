import cluster from 'node:cluster'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { resolve } from 'node:path'

/**
 * What the server's container runs: pm2-runtime in this very process, which must be the first, for the signals. pm2 by
 * itself goes on for ever without a worker where it cannot write, or where no process can be started. So it is looked
 * first whether it can work, and a container that has no worker ends.
 */

// sysexits.h: a start that fails for this will fail again. The workers end with it, too.
const exitConfig = 78
// Between two attempts pm2 waits up to 15 s; Docker's own restarts are spaced as well.
const secondsWithoutWorker = 10

function end(reason: string, code: number): never {
  process.stderr.write(`${reason}\n`)
  process.exit(code)
}

// Tries what pm2 will do, instead of asking for permissions: a full or read-only file system says no as well, and so
// does a path that is too long for a socket.
async function tryHome(home: string): Promise<void> {
  const file = resolve(home, 'try.pid')
  const socket = resolve(home, 'try.sock')
  // Where the file system is read-only Node's own recursive mkdir says ENOENT.
  await mkdir(home).catch(async (error: unknown) => {
    if (error instanceof Error && 'code' in error && (error.code === 'EEXIST' || error.code === 'ENOENT'))
      await mkdir(home, { recursive: true })
    else throw error
  })
  await writeFile(file, String(process.pid))
  await rm(file)
  await rm(socket, { force: true })
  const server = createServer().listen(socket)
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}

function watchWorkers(): void {
  let missed = 0
  let last: string | undefined
  let isConfig = false
  cluster.on('exit', (_, code: number | null, signal: string | null) => {
    isConfig = code === exitConfig
    last = signal ?? `code ${code}`
  })
  // Turns of a timer instead of a clock: a process that was stopped or starved has missed none of them.
  setInterval(() => {
    const lives = Object.values(cluster.workers ?? {}).some(
      it => it !== undefined && it.process.pid !== undefined && !it.isDead(),
    )
    missed = lives ? 0 : missed + 1
    if (missed >= 2 && isConfig)
      end(
        'No worker: the last one refused its configuration, and says why above. The container ends.',
        exitConfig,
      )
    if (missed >= secondsWithoutWorker)
      end(
        `No worker for ${missed} s: ${last === undefined ? 'none could be started' : `the last one ended with ${last}`}; ` +
          'what was said above has the cause. The container ends.',
        1,
      )
  }, 1000)
  // pm2-runtime ends with 0 where its own file cannot be read.
  process.once('exit', code => {
    if (code === 0 && last === undefined) process.exitCode = 1
  })
}

const home = resolve(process.env.PM2_HOME || '/tmp/.pm2')
process.env.PM2_HOME = home
await tryHome(home).catch((error: unknown) =>
  end(
    `PM2_HOME: pm2 cannot work in ${home} as user ${process.getuid?.()} (${String(error)}): give the container a /tmp ` +
      'that this user may write (docker run --tmpfs /tmp), or name such a folder with PM2_HOME',
    exitConfig,
  ),
)
watchWorkers()
process.argv.splice(1, 1, 'pm2-runtime', 'start', 'ecosystem.config.cjs', '--raw', '--no-auto-exit')
createRequire(import.meta.url)('pm2/lib/binaries/Runtime4Docker.js')
