import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, it } from 'node:test'
import type { Log } from '../observe/facts.ts'
import { linkCount, ownSocketFile, SocketLinks } from './socket-files.ts'

const log: Log = { debug() {}, info() {}, warn() {}, error() {} }
let folder = ''
let path = ''
let now = 0

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'links-'))
  path = join(folder, 'server.sock')
  now = Date.now()
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** A server that listens: to the links, a file is a file. */
async function listening(host: string): Promise<SocketLinks> {
  await writeFile(ownSocketFile(path, host), '')
  return new SocketLinks(path, host, log, () => now)
}

/** How many links lead to each host. */
async function shares(): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (let n = 1; n <= linkCount; n += 1) {
    const host = (await readlink(`${path}.${n}`)).split('@')[1] ?? ''
    found[host] = (found[host] ?? 0) + 1
  }
  return found
}

it('all links lead to a server that is alone, and are shared evenly as others come', async () => {
  const a = await listening('a')
  await a.settle()
  assert.deepEqual(await shares(), { a: 6 })
  const b = await listening('b')
  await b.settle()
  assert.deepEqual(await shares(), { a: 3, b: 3 })
  const c = await listening('c')
  await c.settle()
  assert.deepEqual(await shares(), { a: 2, b: 2, c: 2 })
  for (const links of [a, b, c, a]) await links.settle()
  assert.deepEqual(await shares(), { a: 2, b: 2, c: 2 }, 'whoever looks, it stays')
})

it('the links of a server that leaves, or has not touched its file for five seconds, go to the others', async () => {
  const servers = await Promise.all(['a', 'b', 'c'].map(listening))
  const [a, b] = servers
  for (const links of servers) await links.settle()
  await rm(ownSocketFile(path, 'a'))
  await a?.settle()
  assert.deepEqual(await shares(), { b: 3, c: 3 }, 'by itself, while it drains')
  now += 4000
  await b?.settle()
  assert.deepEqual(await shares(), { b: 3, c: 3 })
  now += 2000
  await b?.settle()
  assert.deepEqual(await shares(), { b: 6 })
  assert.ok(existsSync(ownSocketFile(path, 'c')), 'it may only have been paused')
  now += 25 * 3_600_000
  await b?.settle()
  assert.ok(!existsSync(ownSocketFile(path, 'c')))
})

it('the last one that leaves lets the links be: they lead to it again when it is back', async () => {
  const a = await listening('a')
  await a.settle()
  await rm(ownSocketFile(path, 'a'))
  await a.settle()
  assert.deepEqual(await shares(), { a: 6 })
})

it('many at once agree, and leave nothing but files and links', async () => {
  const hosts = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const servers = await Promise.all(hosts.map(listening))
  const found: Record<string, number> = {}
  for (let second = 0; second < hosts.length; second += 1) {
    await Promise.all(servers.map(async links => await links.settle()))
    for (const [host, share] of Object.entries(await shares())) found[host] = (found[host] ?? 0) + share
    now += 1000
  }
  for (const host of hosts)
    assert.equal(found[host], linkCount, 'of six links, each of seven servers had six in seven seconds')
  assert.equal((await readdir(folder)).length, hosts.length + linkCount)
})

it('a folder that is gone is told', async () => {
  const a = new SocketLinks(join(folder, 'gone', 'server.sock'), 'a', log, () => now)
  await assert.rejects(a.start(), /ENOENT/)
})
