import compression from 'compression'
import express, { type Express, type Response } from 'express'

/** What people write first, with its faults as switches. Left out: the fault is not there. */
export type Naive = {
  /** An event to every stream each so many milliseconds. 0: none. */
  everyMs?: number
  /** Events have ids. */
  ids?: true
  /** The headers wait for the first event. */
  noFlush?: true
  /** The middleware `compression`, and nobody flushes. */
  gzip?: true
  /** Ends a stream so long after the last event. */
  idleCutMs?: number
  /** Ends a stream so long after its beginning. */
  totalCutMs?: number
  /** Events have a line break in their data, which nobody splits. */
  unsplit?: true
  /** An event for each stream alone, which no other has. */
  own?: true
  /** Each stream counts for itself: an event each so many milliseconds, which begin with the stream. */
  countsEveryMs?: number
  /** As if this many processes did not share events. */
  processes?: number
  /** Whoever has left is never taken out of the list. */
  keeps?: true
  /** Each stream begins with a comment. */
  comment?: true
  headers?: Record<string, string>
  heartbeatMs?: number
}

/** An Express application with `GET /events`, and `POST /events` whose body `{"data"}` goes to all streams. */
export function naive(faults: Naive = {}): { app: Express; stop: () => void } {
  const app = express()
  const streams: { response: Response; process: number; lastMs: number }[] = []
  let opened = 0
  let published = 0
  let id = 0

  const send = (data: string, process?: number) => {
    id += 1
    for (const stream of streams) {
      if (process !== undefined && stream.process !== process) continue
      stream.lastMs = performance.now()
      const text = faults.own ? `${data} ${stream.process} ${Math.random()}` : data
      stream.response.write(`${faults.ids ? `id: ${id}\n` : ''}data: ${text}\n\n`)
    }
  }
  // Begins with the first stream, so that the time to its first event is known.
  let ticks: NodeJS.Timeout | undefined
  const timers = [
    setInterval(() => {
      for (const { response, lastMs } of streams.slice()) {
        if (performance.now() - lastMs > (faults.idleCutMs ?? Infinity)) response.end()
      }
    }, 50),
    faults.heartbeatMs === undefined
      ? undefined
      : setInterval(() => {
          for (const { response } of streams) response.write(':\n\n')
        }, faults.heartbeatMs),
  ]

  app.use(express.json())
  if (faults.gzip) app.use(compression())
  app.get('/events', (_request, response) => {
    response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache', ...faults.headers })
    if (!faults.noFlush) response.flushHeaders()
    if (faults.comment) response.write(':ok\n\n')
    opened += 1
    const stream = { response, process: opened % (faults.processes ?? 1), lastMs: performance.now() }
    streams.push(stream)
    if (faults.everyMs !== undefined)
      ticks ??= setInterval(() => send(faults.unsplit ? `tick\n${id}` : `tick ${id}`), faults.everyMs)
    if (!faults.keeps) response.on('close', () => streams.splice(streams.indexOf(stream), 1))
    if (faults.countsEveryMs !== undefined) {
      let counted = 0
      const timer = setInterval(() => response.write(`data: ${counted++}\n\n`), faults.countsEveryMs)
      response.on('close', () => clearInterval(timer))
    }
    if (faults.totalCutMs !== undefined) setTimeout(() => response.end(), faults.totalCutMs)
  })
  app.get('/count', (_request, response) => void response.json({ streams: streams.length }))
  // An answer to a question, word by word, as language models give it.
  app.post('/answer', (_request, response) => {
    response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' }).flushHeaders()
    let word = 0
    const timer = setInterval(() => {
      word += 1
      response.write(`data: word ${word}\n\n`)
      if (word < 10) return
      clearInterval(timer)
      response.end('data: [DONE]\n\n')
    }, 200)
  })
  app.post('/events', (request, response) => {
    published += 1
    const body: unknown = request.body
    if (typeof body !== 'object' || body === null || !('data' in body)) return response.sendStatus(400)
    send(String(body.data), faults.processes === undefined ? undefined : published % faults.processes)
    return response.sendStatus(202)
  })
  return {
    app,
    stop: () => {
      for (const timer of [...timers, ticks]) clearInterval(timer)
      for (const { response } of streams.slice()) response.destroy()
    },
  }
}
