import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from '@sse-lab/testkit/listen.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { diagnose } from '../checks/all.ts'
import type { Finding } from '../checks/check.ts'
import { observe } from '../observe/observe.ts'
import { readOptions } from '../options.ts'
import type { Naive } from '../test/naive.ts'
import type { Program, Proxy } from './proxy.ts'

/** Runs a proxy before a naive server, and answers with what the doctor says of the two. */
export async function judge(proxy: Proxy, variant: 'broken' | 'mended'): Promise<Finding[]> {
  await using resources = new AsyncDisposableStack()
  const folder = await mkdtemp(`${tmpdir()}/proxy-`)
  resources.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const server = await startServer({ ids: true, ...proxy.server, ...proxy[variant].server }, resources)
  const [own, inner] = [await freePort(), await freePort()]
  const said: string[] = []
  for (const program of proxy[variant].programs({ own, inner, server: server.port })) {
    await startProgram(program, folder, said, resources)
  }
  await until(`${proxy.name} passes on what the server says`, 30_000, () => isReady(own)).catch(
    (error: unknown) => {
      throw new Error(`${proxy.name} does not start: ${String(error)}; ${said.join('').slice(-500)}`, {
        cause: error,
      })
    },
  )
  const options = readOptions(
    [
      `--url=http://127.0.0.1:${own}/events`,
      `--direct=http://127.0.0.1:${server.port}/events`,
      // To the server itself: what a proxy does to a POST is another matter.
      `--publish=POST http://127.0.0.1:${server.port}/events {"data":"{data}"}`,
      `--strike=kill -9 ${server.pid}`,
      ...(proxy.leaves ? ['--count=/count'] : []),
    ],
    () => '',
  )
  return diagnose(
    await observe(
      { ...options, quietMs: proxy.limit === undefined ? 0 : 8000, strikeMs: 12_000, leaveMs: 4000 },
      () => undefined,
    ),
  )
}

async function startServer(
  behaviour: Naive,
  resources: AsyncDisposableStack,
): Promise<{ port: number; pid: number }> {
  const origin = fileURLToPath(new URL('origin.ts', import.meta.url))
  const child = spawn(process.execPath, [origin, JSON.stringify(behaviour)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  resources.defer(() => stop(child))
  for await (const line of createInterface(child.stdout)) return { port: Number(line), pid: child.pid ?? 0 }
  throw new Error('the server behind the proxies did not start')
}

async function startProgram(
  { files, command: [file, ...args] }: Program,
  folder: string,
  said: string[],
  resources: AsyncDisposableStack,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) await writeFile(`${folder}/${name}`, text)
  await mkdir(`${folder}/logs`, { recursive: true })
  // A group of its own, since some leave their workers behind.
  const child = spawn(file, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  child.stderr.on('data', (bytes: Buffer) => said.push(bytes.toString()))
  await once(child, 'spawn')
  resources.defer(() => stop(child))
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  if (child.spawnargs[0] === process.execPath || child.pid === undefined) child.kill('SIGKILL')
  else process.kill(-child.pid, 'SIGKILL')
  await exit
}

/**
 * Whether the server answers through the proxy. That something listens is not enough: Vite opens the port to see if it is free,
 * and closes it again before it serves; Traefik answers 404 until it has read its routes.
 */
async function isReady(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/ready`, { signal: AbortSignal.timeout(5000) })
  return (await answer.text()) === 'ready'
}
