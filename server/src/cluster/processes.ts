import { execFile } from 'node:child_process'
import cluster from 'node:cluster'
import { promisify } from 'node:util'

const run = promisify(execFile)
const askMsMax = 2000

/**
 * Whether a process is this one, or another worker of the pm2 that started this one. The system is asked: what is said
 * elsewhere of a process may be old, or forged. Without pm2 only this process is one's own.
 */
export async function isOwnProcess(pid: number): Promise<boolean> {
  if (pid === process.pid) return true
  if (!cluster.isWorker || !Number.isSafeInteger(pid) || pid <= 1) return false
  // It fails for a process that is not there.
  const { stdout } = await run('ps', ['-o', 'ppid=', '-p', String(pid)], { timeout: askMsMax }).catch(() => ({
    stdout: '',
  }))
  return Number(stdout.trim() || -1) === process.ppid
}

/**
 * `kill` is SIGKILL. `reload` is SIGINT: the worker drains, and pm2 starts another. (`pm2 reload` of one worker by its number
 * waits for listen_timeout, a minute, although the new one is ready; by name it reloads all.)
 */
export function endProcess(act: 'kill' | 'reload', pid: number): void {
  process.kill(pid, act === 'kill' ? 'SIGKILL' : 'SIGINT')
}

/**
 * Ends the pm2 that started this worker, and all its workers with it, after a drain. Only for a container, where pm2 is the
 * first process and Docker starts another: elsewhere nobody would.
 */
export function endContainer(): void {
  if (!cluster.isWorker || process.ppid !== 1) throw new Error('pm2 is not the first process of a container')
  process.kill(1, 'SIGTERM')
}
