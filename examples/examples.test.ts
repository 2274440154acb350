import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { cases } from '@sse-lab/conformance/kit/cases.ts'
import { readOptions } from '@sse-lab/conformance/kit/options.ts'
import { resultText } from '@sse-lab/conformance/kit/report.ts'
import { runCases } from '@sse-lab/conformance/kit/run.ts'
import { Ground, Rig } from '@sse-lab/scenarios/rig/rig.ts'
import { nextPort, startProcess, type ServerProcess } from '@sse-lab/scenarios/rig/server-process.ts'
import { audit, auditText } from '@sse-lab/testkit/ledger.ts'
import { Publisher } from '@sse-lab/testkit/publisher.ts'
import { publish } from '@sse-lab/testkit/publish.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { until } from '@sse-lab/testkit/wait.ts'

/**
 * Each example as its README says: two processes behind the lab's own nginx/streaming.conf and one Redis. Then the conformance kit
 * with all rules, and the proofs of fan-out, replay, deploy and kill.
 *
 * `differs`: rules of the lab's own API that an application need not have. They are about paths that the package does not answer.
 */
const examples = [
  { name: 'plain-http', file: 'examples/plain-http/main.ts', differs: ['methods/404', 'methods/405'] },
  { name: 'express', file: 'examples/express/main.ts', differs: ['methods/404', 'methods/405'] },
  { name: 'fastify', file: 'examples/fastify/main.ts', differs: ['methods/404', 'methods/405'] },
  // With the flag of its start script.
  {
    name: 'nestjs',
    file: 'examples/nestjs/dist/main.js',
    differs: ['methods/'],
    env: { NODE_OPTIONS: '--max-http-header-size=163840' },
  },
]

const ground = new Ground()
after(async () => await ground[Symbol.asyncDispose]())

/** Two processes of the example, and nginx before them. */
async function start(rig: Rig, file: string, more: Record<string, string>) {
  const env = { REDIS_URL: (await rig.redis()).url, ...more }
  const processes: ServerProcess[] = []
  rig.defer(async () => {
    for (const process of processes) await process.kill('SIGKILL')
  })
  for (let n = 0; n < 2; n += 1)
    processes.push(await startProcess(file, { ...env, PORT: String(nextPort()) }))
  const [one, two] = processes
  assert.ok(one && two)
  const both = `server ${one.address} max_fails=0;\n    server ${two.address} max_fails=0;`
  const { url } = await rig.nginx(one.address, text => text.replace(/^ {4}server tests:.*$/m, `    ${both}`))
  /** Another process in the place of one that has ended. */
  const restart = async (index: number) => {
    const PORT = String(processes[index]?.port)
    processes[index] = await startProcess(file, { ...env, PORT })
  }
  return { url, processes, restart }
}

for (const { name, file, differs, env = {} } of examples) {
  test(`examples/${name}: two processes behind nginx keep the rules and lose nothing`, async t => {
    await using rig = new Rig(ground, false)
    const { url, processes, restart } = await start(rig, file, env)

    await t.test('the conformance kit passes', async () => {
      const results = await runCases(cases, readOptions(['--url', url]), () => undefined)
      const failed = results.filter(({ outcome, case: { id } }) => {
        return outcome === 'FAIL' && !differs.some(prefix => id.startsWith(prefix))
      })
      assert.deepEqual(failed.map(resultText), [])
      assert.ok(results.filter(({ outcome }) => outcome === 'ok').length > 130)
    })

    await t.test('fan-out: an event reaches the streams of both processes', async () => {
      const streams = await Promise.all(
        Array.from({ length: 8 }, () => TestStream.openGreeted(`${url}/events?topic=fan-out`)),
      )
      assert.equal(new Set(streams.map(({ hello }) => hello?.pid)).size, 2)
      const ids: string[] = []
      for (let n = 0; n < 20; n += 1) ids.push((await publish(url, { topic: 'fan-out', data: n })).id)
      for (const stream of streams) {
        await stream.next(({ id }) => id === ids.at(-1), { withinMs: 3000 })
        assert.deepEqual(
          stream.events.map(({ id }) => id),
          ids,
        )
      }
    })

    await t.test('replay: who comes back gets exactly what it missed, from either process', async () => {
      const { id: before } = await publish(url, { topic: 'replay', data: 'before' })
      const away: string[] = []
      for (let n = 0; n < 5; n += 1) away.push((await publish(url, { topic: 'replay', data: n })).id)
      for (const { url: process } of processes) {
        await using back = await TestStream.open(`${process}/events?topic=replay`, {
          headers: { 'last-event-id': before },
        })
        await back.next(({ id }) => id === away.at(-1), { withinMs: 3000 })
        assert.deepEqual([back.events.map(({ id }) => id), back.gaps.length], [away, 0])
      }
    })

    for (const [act, signal] of [
      ['deploy', 'SIGTERM'],
      ['kill', 'SIGKILL'],
    ] as const) {
      await t.test(`${act}: each process in turn gets ${signal}, and no stream loses an event`, async () => {
        const topic = `${act}-${name}`
        const clients = Array.from({ length: 12 }, () => TestStream.returning(`${url}/events?topic=${topic}`))
        for (const client of clients) await client.greeted()
        const publisher = new Publisher({ name: topic, topic, repeats: true })
        publisher.start(url, 20, 10_000)
        for (const index of [0, 1]) {
          await until('some events', 5000, () =>
            clients.every(({ received }) => received.length > index * 20),
          )
          await processes[index]?.kill(signal)
          await restart(index)
          for (const client of clients) await client.greeted(10_000)
        }
        await publisher.stop()
        const { acknowledged } = publisher
        await until('the last event', 10_000, () =>
          clients.every(({ received }) => received.at(-1)?.sequence === acknowledged.at(-1)?.sequence),
        )
        for (const client of clients) {
          const { lost, doubled, disordered } = audit(acknowledged, client.received)
          assert.deepEqual(
            [lost, doubled, disordered],
            [[], [], []],
            auditText(audit(acknowledged, client.received)),
          )
          assert.deepEqual([client.fatal, client.gaps.length], [undefined, 0])
        }
        assert.ok(
          clients.every(({ cuts }) => cuts >= 1),
          'every stream was on one that went',
        )
        assert.equal(publisher.fatal, undefined)
        for (const client of clients) client.close()
      })
    }
  })
}
