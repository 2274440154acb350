import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Finding } from '../checks/check.ts'
import { broken, examine, red, startNaive } from './examine.ts'

const publish = ['--publish', 'POST /events {"data":"{data}"}']

function counting(url: string): Promise<Finding[]> {
  return examine(['--url', url, '--count', '/count'], { leaveMs: 1000 })
}

suite('one fault of a server is one red, at the server', { concurrency: 4 }, () => {
  test('a server without faults has none', async () => {
    await using server = await startNaive({ everyMs: 300, ids: true })

    const findings = await examine(['--url', server.url, '--direct', server.url, ...publish])

    assert.deepEqual(broken(findings), [])
    assert.deepEqual(red(findings, 'resume')?.verdict, 'RISK')
  })

  test('headers that wait for the first event', async () => {
    await using server = await startNaive({ noFlush: true })

    const findings = await examine(['--url', server.url])

    assert.deepEqual(broken(findings), ['held headers'])
    assert.match(red(findings, 'held headers')?.fix ?? '', /flushHeaders/)
  })

  test('compression that nobody flushes', async () => {
    await using server = await startNaive({ everyMs: 300, gzip: true })

    const alone = await examine(['--url', server.url])
    const compared = await examine(['--url', server.url, '--direct', server.url])

    assert.deepEqual(broken(alone), ['held by compression'])
    assert.deepEqual(broken(compared), ['held by compression'])
    assert.match(red(compared, 'held by compression')?.layer ?? '', /your server/)
    assert.match(red(compared, 'held by compression')?.fix ?? '', /no-transform/)
  })

  test('no-transform keeps compression out', async () => {
    const headers = { 'Cache-Control': 'no-cache, no-transform' }
    await using server = await startNaive({ everyMs: 300, gzip: true, headers })

    assert.deepEqual(broken(await examine(['--url', server.url])), [])
  })

  test('an idle limit', async () => {
    await using server = await startNaive({ idleCutMs: 3000 })

    const findings = await examine(['--url', server.url, ...publish], { quietMs: 6000 })

    assert.deepEqual(broken(findings), ['cut'])
    // On a busy machine the last byte comes later than it was sent, and the silence is shorter than the limit by that.
    assert.match(red(findings, 'cut')?.cause ?? '', /idle limit.* (2\.[5-9]|3\.)\d* s/)
    assert.match(red(findings, 'cut')?.fix ?? '', /heartbeat/)
  })

  test('a total limit', async () => {
    // Between two events: a stream that ends right behind one looks finished, not cut by a limit.
    await using server = await startNaive({ everyMs: 400, totalCutMs: 4200 })

    const findings = await examine(['--url', server.url, '--direct', server.url], { quietMs: 6000 })

    assert.deepEqual(broken(findings), ['cut'])
    assert.match(red(findings, 'cut')?.cause ?? '', /total time limit.* 4\.\d+ s/)
    assert.match(red(findings, 'cut')?.layer ?? '', /your server/)
  })

  test('line breaks that nobody split', async () => {
    await using server = await startNaive({ everyMs: 300, unsplit: true })

    assert.deepEqual(broken(await examine(['--url', server.url])), ['bytes'])
  })

  test('processes that do not share events', async () => {
    await using server = await startNaive({ processes: 4 })

    const findings = await examine(['--url', server.url, '--direct', server.url, ...publish])

    assert.deepEqual(broken(findings), ['workers'])
    assert.match(red(findings, 'workers')?.evidence ?? '', /2 of 8/)
  })

  test('more processes than streams are still no buffer', async () => {
    await using server = await startNaive({ processes: 16 })

    const findings = await examine(['--url', server.url, '--direct', server.url, ...publish])

    assert.ok(!broken(findings).includes('held events'), 'held events')
  })

  test('clients that have left, and are kept', async () => {
    await using keeping = await startNaive({ keeps: true })
    await using server = await startNaive({})

    const kept = await counting(keeping.url)

    assert.deepEqual(broken(kept), ['leave'])
    assert.match(red(kept, 'leave')?.evidence ?? '', /still held 1\.\d\d s after/)
    const found = (await counting(server.url)).find(({ check }) => check === 'leave')
    assert.equal(found?.verdict, 'ok', found?.cause)
  })

  test('a stream whose events no other stream has is compared by place', async () => {
    await using server = await startNaive({ everyMs: 250, own: true, ids: true })

    const findings = await examine(['--url', server.url, '--direct', server.url])

    assert.deepEqual(broken(findings), [])
    assert.equal(findings.find(({ check }) => check === 'steady delay')?.verdict, 'ok')
  })
})
