import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { makeToken } from '../../src/access/make-token.ts'

const names = { issuer: 'https://id.example', audience: 'sse', kid: 'tests' }

/** An identity provider with one key, for a server with AUTH=jwt. Two of them differ by the key alone. */
export class TokenIssuer implements AsyncDisposable {
  /** The public keys, as a server in a container needs them: see `environment`. */
  readonly jwks: string
  readonly #folder: string
  readonly #key: KeyObject
  readonly #topics: readonly string[]

  private constructor(folder: string, { privateKey, publicKey }: KeyPair, topics: readonly string[]) {
    this.#folder = folder
    this.#key = privateKey
    this.#topics = topics
    const key = { ...publicKey.export({ format: 'jwk' }), alg: 'ES256', kid: names.kid }
    this.jwks = JSON.stringify({ keys: [key] })
  }

  /** `topics` are what its tokens allow, to read and to publish on. */
  static async make(topics: readonly string[] = ['*']): Promise<TokenIssuer> {
    const folder = await mkdtemp(`${tmpdir()}/issuer-`)
    const issuer = new TokenIssuer(folder, generateKeyPairSync('ec', { namedCurve: 'P-256' }), topics)
    await writeFile(`${folder}/jwks.json`, issuer.jwks)
    return issuer
  }

  /** What makes a server take its tokens. `jwks`: where it finds the keys, if it is in a container. */
  environment(jwks = `${this.#folder}/jwks.json`): { AUTH: 'jwt'; AUTH_ISSUERS: string } {
    const { issuer, audience } = names
    return { AUTH: 'jwt', AUTH_ISSUERS: JSON.stringify([{ issuer, audience, jwks }]) }
  }

  /** A token that ends at `endsAt` (Date.now()), or in an hour. */
  async token(sub: string, more: { endsAt?: number; audience?: string } = {}): Promise<string> {
    const { endsAt = Date.now() + 3_600_000, audience = names.audience } = more
    const wish = { sub, subscribe: this.#topics, publish: this.#topics, expiresAt: endsAt / 1000 }
    return await makeToken({ ...names, audience, key: this.#key }, wish)
  }

  /** The headers of a program with such a token. */
  async headers(sub: string): Promise<{ authorization: string }> {
    return bearing(await this.token(sub))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true })
  }
}

type KeyPair = { privateKey: KeyObject; publicKey: KeyObject }

/** The headers of a program with a token. */
export function bearing(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` }
}
