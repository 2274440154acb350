import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '@sse-lab/testkit/listen.ts'
import { call } from '@sse-lab/testkit/publish.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { openBus } from '../../src/bus/open-bus.ts'
import { readOptions } from '../../src/options.ts'
import { partitionOf } from '../../src/partitions/scope.ts'
import { openRedis } from '../../src/redis.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { RedisProcess } from './redis-process.ts'

/**
 * What a worker costs that has no stream in a log, and what its readers cost Redis, with one log and with twelve:
 * `node server/test/modes/interest.ts`. Publishes go straight to Redis, 1,000 a second over 600 scopes, 120 bytes each.
 */
const seconds = 8
const rate = 1000
const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
const scopes = Array.from({ length: 600 }, (_, n) => `tenant-${n}/orders`)
const ticksPerSecond = 100

for (const partitions of [1, 12]) {
  await using redis = await RedisProcess.start()
  process.stdout.write(
    `PARTITIONS=${partitions}, a worker without streams: ${await idleWorker(redis, partitions)}\n`,
  )
  for (const workers of [1, 16])
    process.stdout.write(
      `PARTITIONS=${partitions}, ${workers} workers: ${await readers(redis, partitions, workers)}\n`,
    )
}

/** A worker process of the lab's server. */
async function startWorker(redis: RedisProcess, partitions: number) {
  const port = await freePort()
  const env = { REDIS_URL: redis.url, PARTITIONS: `${partitions}`, PORT: `${port}`, LOG_LEVEL: 'silent' }
  const main = `${import.meta.dirname}/../../src/main.ts`
  const worker = spawn(process.execPath, [main], { env: { ...process.env, ...env }, stdio: 'inherit' })
  const base = `http://127.0.0.1:${port}`
  await until('the worker', 20_000, async () => (await call('GET', `${base}/readyz`)).status === 200)
  return { base, pid: worker.pid, [Symbol.dispose]: () => void worker.kill('SIGKILL') }
}

/** Its CPU. */
async function idleWorker(redis: RedisProcess, partitions: number): Promise<string> {
  using worker = await startWorker(redis, partitions)
  await pause(3000)
  const quiet = await percentOf(worker.pid, async () => await pause(seconds * 1000))
  const busy = await percentOf(worker.pid, async () => void (await publish(redis, partitions)))
  return `${quiet} % of a core without events, ${busy} % at ${rate} events/s`
}

async function percentOf(pid: number | undefined, work: () => Promise<void>): Promise<string> {
  const ticks = async () => {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  }
  const [before, begun] = [await ticks(), performance.now()]
  await work()
  return ((((await ticks()) - before) / ticksPerSecond / (performance.now() - begun)) * 1e5).toFixed(1)
}

/** Each worker has streams of the scopes that a balancer would send there: of one log, or of all if it is alone. */
async function readers(redis: RedisProcess, partitions: number, workers: number): Promise<string> {
  using more = new DisposableStack()
  for (let n = 0; n < workers; n += 1) {
    const { base } = more.use(await startWorker(redis, partitions))
    const logs = workers === 1 ? Array.from({ length: partitions }, (_, log) => log) : [n % partitions]
    for (const log of logs) {
      const topic = scopes.find(scope => partitionOf(scope, partitions) === log) ?? ''
      const stream = await TestStream.open(`${base}/events?topic=${topic}`)
      more.defer(() => stream.close())
      await stream.greeted()
    }
  }
  const cpu = async () => Number(await redis.info('used_cpu_user')) + Number(await redis.info('used_cpu_sys'))
  const before = await cpu()
  const events = await publish(redis, partitions)
  return `${((((await cpu()) - before) / events) * 1e6).toFixed(0)} µs of Redis per event (${Math.round(events / seconds)} events/s)`
}

/** Answers how many were published. */
async function publish(redis: RedisProcess, partitions: number): Promise<number> {
  const settings = readOptions({ redis: redis.url, partitions })
  const links = openRedis({ url: redis.url, mode: 'single', master: '' }, 'publisher', 5000, silent)
  await links.commands.connect()
  const bus = openBus(settings, links, silent)
  const begun = performance.now()
  let events = 0
  for (let sent = 0; performance.now() - begun < seconds * 1000; await pause(5)) {
    const due = Math.min(((performance.now() - begun) / 1000) * rate, seconds * rate)
    const group = Array.from(
      { length: Math.floor(due) - sent },
      (_, n) => scopes[(sent + n) % scopes.length] ?? '',
    )
    sent += group.length
    for (const topic of group)
      void bus.publish({ topic, data: 'x'.repeat(120), bytes: 170 }).then(() => (events += 1))
  }
  await until('the last answers', 10_000, () => events >= seconds * rate * 0.95)
  links.commands.disconnect()
  return events
}
