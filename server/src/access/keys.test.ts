import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { Refusal } from '../http/refusal.ts'
import { openKeys } from './keys.ts'

const minute = 60_000
const url = 'https://id.example/jwks.json'

async function keyOf(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey)
  return { jwk: { ...(await exportJWK(publicKey)), kid }, token }
}

const isAway = (error: unknown) => error instanceof Refusal && error.code === 'not-ready'

it('keys are read from a file, too', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'keys-'))
  t.after(() => rm(folder, { recursive: true }))
  const { jwk, token } = await keyOf('a')
  const file = join(folder, 'jwks.json')
  const keys = openKeys(file)
  await assert.rejects(jwtVerify(token, keys), isAway)
  await writeFile(file, JSON.stringify({ keys: [jwk] }))
  const later = openKeys(file)
  await jwtVerify(token, later)
})

it('the last keys hold for an hour while their address fails, and one failure is one question', async t => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
  const { jwk, token } = await keyOf('a')
  let answer = () => new Response(JSON.stringify({ keys: [jwk] }))
  let asked = 0
  const errors: unknown[] = []
  const keys = openKeys(url, {
    fetch: () => {
      asked += 1
      return Promise.resolve(answer())
    },
    onError: error => errors.push(error),
  })
  await jwtVerify(token, keys)
  assert.equal(asked, 1)
  const answers = [
    () => new Response('', { status: 503 }),
    () => new Response('<html>'),
    () => new Response('{"message":"Sorry!"}'),
  ]
  for (const bad of answers) {
    answer = bad
    t.mock.timers.tick(11 * minute)
    await jwtVerify(token, keys)
  }
  assert.equal(asked, 4)
  assert.equal(errors.length, 3)
  t.mock.timers.tick(60 * minute)
  await assert.rejects(jwtVerify(token, keys), isAway)
  await Promise.all(Array.from({ length: 50 }, () => assert.rejects(jwtVerify(token, keys), isAway)))
  assert.equal(asked, 5)
  answer = () => new Response(JSON.stringify({ keys: [jwk] }))
  t.mock.timers.tick(3000)
  await jwtVerify(token, keys)
})

it('a new key is found, and asked for at most once in half a minute', async t => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 })
  const [before, after, forged] = [await keyOf('a'), await keyOf('b'), await keyOf('c')]
  let set = [before.jwk]
  let asked = 0
  const keys = openKeys(url, {
    fetch: () => {
      asked += 1
      return Promise.resolve(new Response(JSON.stringify({ keys: set })))
    },
  })
  await jwtVerify(before.token, keys)
  set = [before.jwk, after.jwk]
  for (let i = 0; i < 20; i++) await assert.rejects(jwtVerify(forged.token, keys))
  assert.equal(asked, 1)
  t.mock.timers.tick(31_000)
  await jwtVerify(after.token, keys)
  await jwtVerify(before.token, keys)
  assert.equal(asked, 2)
})
