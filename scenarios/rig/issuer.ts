import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { makeToken } from '@sse-lab/server/src/access/make-token.ts'
import { nextPort } from './server-process.ts'

const names = { issuer: 'https://id.example', audience: 'sse', kid: 'scenario' }

/** An identity provider of the scenario's own, with one key. Two of them differ by that alone. */
export class Issuer implements AsyncDisposable {
  readonly #folder: string
  readonly #key: KeyObject

  private constructor(folder: string, key: KeyObject) {
    this.#folder = folder
    this.#key = key
  }

  static async open(): Promise<Issuer> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const folder = await mkdtemp(`${tmpdir()}/issuer-`)
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: names.kid }]
    await writeFile(`${folder}/jwks.json`, JSON.stringify({ keys }))
    return new Issuer(folder, privateKey)
  }

  /** For the lab's server, which lets nobody in without a token of this issuer. The naive ones take the same words. */
  env(redisUrl: string): Record<string, string> & { ADMIN_PORT: string } {
    const { issuer, audience } = names
    return {
      AUTH: 'jwt',
      AUTH_ISSUERS: JSON.stringify([{ issuer, audience, jwks: `${this.#folder}/jwks.json` }]),
      ADMIN_PORT: String(nextPort()),
      OPEN: '',
      REDIS_URL: redisUrl,
    }
  }

  /** A token that may read and publish on `topic`. It ends at `endsAt` (Date.now()), or in ten minutes. */
  async token(sub: string, more: { endsAt?: number; audience?: string } = {}): Promise<string> {
    const { endsAt = Date.now() + 600_000, audience = names.audience } = more
    const grant = { subscribe: [topic], publish: [topic] }
    return await makeToken(
      { ...names, audience, key: this.#key },
      { sub, ...grant, expiresAt: endsAt / 1000 },
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true })
  }
}

/** The topic that the scenarios of access are about. Not everybody may read it. */
export const topic = 'room/1'

/** Headers of a program with a token. */
export function bearing(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

/** Headers as a browser sends them with the cookie of docs/access.md. */
export function withCookie(token: string): Record<string, string> {
  return { cookie: `__Host-sse=${token}` }
}
