import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { afterEach, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { listen } from './listen.ts'
import { TestStream } from './stream.ts'
import { until } from './wait.ts'

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

const worker = { worker: 'a/0', instance: 0, pid: 1, bus: 'memory', heartbeatMs: 0 }
const hello = `retry: 20\nevent: hello\ndata: ${JSON.stringify(worker)}\n\n`

/** A server of streams. `asked` has the requests that it got. */
async function serve(answer: (response: ServerResponse, nth: number) => void) {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    response.setHeader('content-type', 'text/event-stream')
    answer(response, asked.length)
  })
  open.push(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${await listen(server)}/`, asked }
}

test('a stream that is opened keeps its events, and says how its connection ended', async () => {
  const { url, asked } = await serve(response => {
    response.write(`${hello}id: 1\ndata: one\n\nevent: heartbeat\ndata:\n\nevent: gap\nid: 7\ndata:\n\n`)
    setTimeout(() => response.end(), 30)
  })

  const stream = await TestStream.open(url, { keepText: true })
  const { how } = await stream.ended(2000)

  assert.deepEqual([stream.status, how, stream.position, asked.length], [200, 'end', '7', 1])
  assert.deepEqual([stream.events.map(it => it.data), stream.gaps.length, stream.heartbeats], [['one'], 1, 1])
  assert.equal(stream.hello?.worker, 'a/0', 'who held it is known after its end')
  assert.ok(stream.text.startsWith(hello))
})

test('one that returns comes back `retry` after each cut, with the last id it has seen', async () => {
  const { url, asked } = await serve((response, nth) => {
    response.write(`${hello}id: ${nth}\ndata: p ${nth} xxx\n\n`)
    if (nth < 3) setTimeout(() => response.destroy(), 20)
  })

  const stream = TestStream.returning(url)
  await until('the third event', 3000, () => stream.received.length === 3)

  assert.deepEqual(
    asked.map(({ headers }) => headers['last-event-id']),
    [undefined, '1', '2'],
  )
  assert.deepEqual(stream.received.at(-1), { publisher: 'p', sequence: 3 })
  assert.deepEqual([stream.cuts, stream.greetedAt.length, stream.worker], [2, 3, 'a/0'])
})

/** A server that says hello, and leaves the rest of each stream to the test. */
async function serveHello() {
  const responses: ServerResponse[] = []
  const { url, asked } = await serve(response => {
    responses.push(response)
    response.write(hello)
  })
  return { url, asked, responses }
}

test('one that is held stays away until it is released, and nobody holds it meanwhile', async () => {
  const { url, asked, responses } = await serveHello()
  const stream = TestStream.returning(url)
  await stream.greeted()

  stream.hold()
  responses[0]?.destroy()
  await until('its end', 2000, () => stream.cuts === 1)
  await pause(100) // five times as long as `retry`
  assert.deepEqual([stream.worker, asked.length], [undefined, 1])
  stream.release()

  await stream.greeted()
  assert.equal(asked.length, 2)
})

test('it is cut at the byte that is asked for, and the event that it cuts is none', async () => {
  const { url, responses } = await serveHello()
  const stream = TestStream.returning(url)
  await stream.greeted()

  stream.cutAfter('id: 1\ndata: p 1 x\n\nid: 2\ndata: p 2'.length)
  responses[0]?.write('id: 1\ndata: p 1 x\n\nid: 2\ndata: p 2 x\n\n')
  await until('its return', 3000, () => stream.greetedAt.length === 2)

  assert.deepEqual([stream.received, stream.position], [[{ publisher: 'p', sequence: 1 }], '1'])
})

test('one that stopped reading has what came meanwhile when it reads on', async () => {
  const { url, responses } = await serveHello()
  const stream = TestStream.returning(url)
  await stream.greeted()

  stream.stopReading()
  responses[0]?.write('data: p 1 x\n\n')
  await pause(100)
  assert.equal(stream.received.length, 0)
  stream.readOn()

  await until('the event', 2000, () => stream.received.length === 1)
})

test('an answer that is no stream ends one that returns for good; one that is opened has its status', async () => {
  const { url, asked } = await serve((response, nth) => {
    if (nth === 1) response.end(hello)
    else response.writeHead(503).end()
  })

  const stream = TestStream.returning(url)
  await until('its second answer', 2000, () => stream.fatal)
  await pause(100) // five times as long as `retry`
  const opened = await TestStream.open(url)

  assert.deepEqual([stream.fatal, asked.length, opened.status], ['503 text/event-stream', 3, 503])
})

test('headers that do not come in time, and a server that is not there, are errors that say so', async () => {
  const { url } = await serve(() => undefined)

  await assert.rejects(TestStream.open(url, { withinMs: 50 }), /no headers of .* within 50 ms/)
  await assert.rejects(TestStream.open('http://127.0.0.1:1/'), /ECONNREFUSED/)
})

test('what a failure of `next` saw instead is said', async () => {
  const { url } = await serve(response => void response.write('id: 5\ndata: x\n\nid: 6\ndata: x\n\n'))
  const stream = await TestStream.open(url)
  await stream.next(it => it.id === '6', { withinMs: 2000 })

  await assert.rejects(
    stream.next(it => it.id === '7', { withinMs: 30 }),
    /not within 30 ms: the event; seen last: "2 events, at the end 5, 6"/,
  )
})
