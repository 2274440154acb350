import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { pino } from 'pino'
import { listen } from '@sse-lab/testkit/listen.ts'
import { post } from '@sse-lab/testkit/publish.ts'
import { BusAway, BusRefused } from '../bus/errors.ts'
import { MemoryBus } from '../bus/memory.ts'
import { readOptions } from '../options.ts'
import { Sse } from '../sse-process.ts'

const wrongType = Object.assign(new Error('WRONGTYPE Operation against a key'), { name: 'ReplyError' })

test('a publish that the bus does not take says which of two things it means; the log says the cause once', async t => {
  const failures: (Error | undefined)[] = []
  class FailingBus extends MemoryBus {
    override async publish(...args: Parameters<MemoryBus['publish']>) {
      const error = failures.shift()
      if (error !== undefined) throw error
      return await super.publish(...args)
    }
  }
  const lines: { msg: string; err?: { message: string; cause?: { message: string } } }[] = []
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
  const bus = new FailingBus({ batchBytesMax: 1000, waitingBytesMax: 1000, waitingEventsMax: 10 })
  const sse = new Sse({ settings: readOptions({}), bus, redis: undefined, log })
  const server = createServer((request, response) => void sse.receive(request, response))
  const base = `http://127.0.0.1:${await listen(server)}`
  t.after(() => sse.drain(server))

  const refused = new BusRefused('Redis refused to take the event', { cause: wrongType })
  failures.push(refused, refused, refused, new BusAway('no answer'), undefined)
  const answers = []
  for (let n = 0; n < 5; n += 1) answers.push(await post(base, { topic: 'a', data: 1 }))

  assert.deepEqual(
    answers.map(({ status }) => status),
    [503, 503, 503, 503, 202],
  )
  assert.match(answers[0]?.body ?? '', /"code":"bus-away".*refused the event, which was not published/)
  assert.match(answers[3]?.body ?? '', /"code":"bus-away".*in time.*may still take effect/)
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    [
      'publishes are not taken by the bus',
      'publishes are not taken by the bus',
      'publishes are taken by the bus again',
    ],
  )
  assert.match(JSON.stringify(lines[0]), /WRONGTYPE/)
})
