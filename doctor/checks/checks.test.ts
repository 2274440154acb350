import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Kind, Observations, Recording, Side } from '../observations.ts'
import { diagnose } from './all.ts'
import type { Finding } from './check.ts'

type Come = [atMs: number, data: string]

const windowMs = 8000

function recording(side: Side, kind: Kind, come: Come[], headersAtMs: number | null = 10): Recording {
  const pieces = come.map(([atMs, data]) => ({ atMs, bytes: Buffer.from(`data: ${data}\n\n`) }))
  return {
    side,
    kind,
    openedAtMs: 0,
    connectedAtMs: 1,
    protocol: 'http/1.1',
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
    wire: pieces,
    pieces,
    ...(headersAtMs === null ? {} : { headersAtMs, status: 200 }),
  }
}

function observed(streams: Recording[], changes: Partial<Observations> = {}): Observations {
  return {
    url: 'http://proxy.example/events',
    direct: 'http://server.example/events',
    method: 'GET',
    window: { fromMs: 0, toMs: windowMs },
    quietMs: 0,
    endedAtMs: windowMs,
    streams,
    named: { through: 'nginx', direct: 'Express' },
    published: undefined,
    returns: [],
    strike: undefined,
    leaves: undefined,
    cors: undefined,
    many: undefined,
    ...changes,
  }
}

/** Six events, a second apart, each so much later. */
function ticks(laterMs = 0): Come[] {
  return [1, 2, 3, 4, 5, 6].map(second => [second * 1000 + laterMs, `tick ${second}`])
}

function reds(seen: Observations): string[] {
  return diagnose(seen)
    .filter(({ verdict }) => verdict === 'BROKEN')
    .map(({ check }) => check)
}

suite('a comparison', () => {
  test('of equal streams finds nothing', () => {
    const streams = [recording('through', 'plain', ticks(20)), recording('direct', 'plain', ticks())]

    assert.deepEqual(reds(observed(streams)), [])
  })

  test('with no byte through is one red: the headers, and the cut that ends the wait, follow from it', () => {
    const held = recording('through', 'plain', [], null)
    held.end = { atMs: 7900, how: 'cut' }
    const found = diagnose(observed([held, recording('direct', 'plain', ticks())]))

    const red = found.filter(({ verdict }) => verdict === 'BROKEN')
    assert.deepEqual(
      red.map(({ check }) => check),
      ['held events'],
    )
    assert.match(red[0]?.evidence ?? '', /0 of 6 events.*not one byte.*not even the headers/)
    assert.match(
      found.find(({ check }) => check === 'held headers')?.cause ?? '',
      /follows from: held events/,
    )
  })

  test('with streams that are cut after a total time is one red: what came after their end was not held', () => {
    const through = [0, 0].map(() => {
      const stream = recording('through', 'plain', ticks().slice(0, 2))
      stream.end = { atMs: 2500, how: 'cut' }
      return stream
    })
    const big = `big-${'x'.repeat(6000)}`
    const direct = recording('direct', 'plain', [...ticks(), [6200, big]])
    const published = [{ mark: big, sentAtMs: 6190, status: 202 }]

    assert.deepEqual(reds(observed([...through, direct], { published })), ['cut'])
  })

  test('with everything at once is held, and says how much came when', () => {
    const burst = recording(
      'through',
      'plain',
      ticks().map(([, data]) => [7000, data]),
    )
    const [red] = diagnose(observed([burst, recording('direct', 'plain', ticks())]))

    assert.equal(red?.check, 'held events')
    assert.match(red.evidence, /first output after 7\.00 s, 84 B at once/)
  })

  test('with X-Accel-Buffering on the direct answer blames the nginx that takes it out', () => {
    const direct = recording('direct', 'plain', ticks())
    direct.headers['x-accel-buffering'] = 'no'
    const [red] = diagnose(observed([recording('through', 'plain', []), direct]))

    assert.match(red?.fix ?? '', /proxy_pass_header X-Accel-Buffering/)
  })

  test('with 210 ms on every event is a steady delay', () => {
    const streams = [recording('through', 'plain', ticks(210)), recording('direct', 'plain', ticks())]

    assert.deepEqual(reds(observed(streams, { named: { through: 'HAProxy', direct: undefined } })), [
      'steady delay',
    ])
  })

  test('with 210 ms that are the way there is none', () => {
    const far = recording('through', 'plain', ticks(210), 400)
    far.connectedAtMs = 190

    assert.deepEqual(reds(observed([far, recording('direct', 'plain', ticks())])), [])
  })

  test('with two slow events of six is a busy machine', () => {
    const come = ticks(5).map(([atMs, data], index): Come => [atMs + (index < 2 ? 400 : 0), data])

    assert.deepEqual(
      reds(observed([recording('through', 'plain', come), recording('direct', 'plain', ticks())])),
      [],
    )
  })
})

function struck(watchedUntilMs: number, told: number | undefined): Partial<Observations> {
  return {
    quietMs: 8000,
    endedAtMs: 20_000,
    strike: {
      atMs: 20_000,
      doneAtMs: 20_010,
      exit: 0,
      told: { through: [told], direct: [22_500] },
      answers: [{ atMs: 22_600, status: 502, type: 'text/html' }],
      watchedUntilMs,
    },
  }
}

/** The same ticks on both sides. */
function alike(): Recording[] {
  return [recording('through', 'plain', ticks()), recording('direct', 'plain', ticks())]
}

function deadUpstream(watchedUntilMs: number, told: number | undefined): string | undefined {
  const found = diagnose(observed(alike(), struck(watchedUntilMs, told)))
  return found.find(({ check }) => check === 'dead upstream')?.verdict
}

suite('when the server was struck', () => {
  test('a client that is never told is red, if it was watched for long enough after the server was gone', () => {
    assert.equal(deadUpstream(35_000, undefined), 'BROKEN')
    assert.equal(deadUpstream(32_000, undefined), 'not seen')
    assert.equal(deadUpstream(32_000, 22_510), 'ok')
  })

  test('a stream that the strike ended had lived until then', () => {
    const ended = alike().map(stream => ({ ...stream, end: { atMs: 22_510, how: 'cut' as const } }))
    const found = diagnose(observed(ended, struck(32_000, 22_510)))

    assert.match(found.find(({ check }) => check === 'cut')?.cause ?? '', /watched for 20\.0 s/)
  })
})

function leaving(...leaves: Observations['leaves'] & object): Finding | undefined {
  return diagnose(observed(alike(), { leaves })).find(({ check }) => check === 'leave')
}

suite('clients that have left', () => {
  const noticed = { side: 'direct', noticedMs: 100, watchedMs: 100 } as const

  test('are noticed, by whoever comes to know of it', () => {
    const found = leaving(noticed, { side: 'through', noticedMs: 16_000, watchedMs: 16_000 })

    assert.equal(found?.verdict, 'ok')
    assert.match(found.evidence, /after 16\.0 s, direct noticed after 100 ms/)
  })

  test('and are still held are the fault of the one that knows', () => {
    assert.match(leaving(noticed, { side: 'through', watchedMs: 35_000 })?.layer ?? '', /the layer before/)
    const own = leaving({ side: 'direct', watchedMs: 35_000 }, { side: 'through', watchedMs: 35_000 })
    assert.match(own?.layer ?? '', /^your server/)
    assert.equal(own?.verdict, 'BROKEN')
  })

  test('are not judged where the count does not follow', () => {
    assert.equal(leaving({ side: 'through', problem: 'COUNT gives no number' })?.verdict, 'not seen')
  })
})

test('a page of another origin needs to be let in, one of the same does not', () => {
  const streams = [recording('through', 'plain', ticks()), recording('direct', 'plain', ticks())]
  const asked = (origin: string) => reds(observed(streams, { cors: { origin, allowed: undefined } }))

  assert.deepEqual(asked('http://page.example'), ['CORS'])
  assert.deepEqual(asked('http://proxy.example'), [])
})

suite('without DIRECT', () => {
  test('what only a comparison shows is not seen, and not red', () => {
    const found = diagnose(observed([recording('through', 'plain', ticks())], { direct: undefined }))

    for (const check of ['held events', 'steady delay', 'large events']) {
      assert.equal(found.find(finding => finding.check === check)?.verdict, 'not seen', check)
    }
  })

  test('headers that come late, and before the first event, wait for no event: a busy machine, or a slow login', () => {
    const slow = recording('through', 'plain', ticks(1000), 1500)
    const waiting = recording('through', 'plain', ticks(1000), 2000)

    assert.deepEqual(reds(observed([slow], { direct: undefined })), [])
    assert.deepEqual(reds(observed([waiting], { direct: undefined })), ['held headers'])
  })

  test('headers that come late with what a server writes when a stream opens wait for no event, either', () => {
    const greeting = Buffer.from('retry: 3000\nevent: hello\ndata: {}\n\n')
    const slow = (side: Side, ms: number): Recording => {
      const stream = recording(side, 'plain', ticks(2000), ms)
      const pieces = [{ atMs: ms, bytes: greeting }, ...stream.pieces]
      return { ...stream, wire: pieces, pieces }
    }

    assert.deepEqual(reds(observed([slow('through', 1500)], { direct: undefined })), [])
    assert.deepEqual(reds(observed([slow('through', 900), slow('direct', 100)])), [])
  })

  test('headers that never come are red, and the layer is left open', () => {
    const silent = recording('through', 'plain', [], null)
    const [red] = diagnose(observed([silent], { direct: undefined }))

    assert.equal(red?.check, 'held headers')
    assert.match(red.layer, /DIRECT= tells which/)
  })
})

test('every red and every risk has a layer, a fix and what it was seen by', () => {
  const streams = [
    recording('through', 'plain', ticks(210)),
    recording('through', 'packed', []),
    recording('direct', 'plain', ticks()),
  ]
  const found = diagnose(observed(streams, { many: { wanted: 400, opened: 354, first: 'hangs' } }))

  const red = found.filter(({ verdict }) => verdict === 'BROKEN' || verdict === 'RISK')
  assert.ok(red.length >= 3)
  for (const finding of red) {
    assert.ok(
      [finding.layer, finding.cause, finding.fix, finding.evidence].every(text => text !== ''),
      finding.check,
    )
  }
})
