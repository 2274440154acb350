import { execFile } from 'node:child_process'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const program = fileURLToPath(new URL('../server/src/access/issue-token.ts', import.meta.url))

/** An issuer of tokens with a key of its own: the program behind `make token`, for a server with AUTH=jwt. Its files go when it does. */
export class TokenIssuer implements AsyncDisposable {
  /** The public keys, for a server in a container: see `environment`. */
  readonly jwks: string
  readonly #folder: string

  private constructor(folder: string, jwks: string) {
    this.#folder = folder
    this.jwks = jwks
  }

  static async make(): Promise<TokenIssuer> {
    const folder = await mkdtemp(`${tmpdir()}/issuer-`)
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = publicKey.export({ format: 'jwk' })
    const kid = createHash('sha256').update(String(jwk.x)).digest('base64url')
    const issuer = new TokenIssuer(folder, JSON.stringify({ keys: [{ ...jwk, alg: 'ES256', kid }] }))
    await writeFile(`${folder}/private.pem`, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    await writeFile(`${folder}/kid`, kid)
    await writeFile(`${folder}/jwks.json`, issuer.jwks)
    return issuer
  }

  /** What makes a server take these tokens. `jwks`: where it finds the keys, if it is in a container. */
  environment(jwks = `${this.#folder}/jwks.json`): Record<string, string> {
    const issuers = [{ issuer: 'sse-lab-local', audience: 'sse-lab', jwks }]
    return { AUTH: 'jwt', AUTH_ISSUERS: JSON.stringify(issuers) }
  }

  /** The header of a caller whose token allows these topics, as `make token` takes them. */
  async headers(
    sub: string,
    { subscribe = '*', publish = '*' }: { subscribe?: string; publish?: string } = {},
  ): Promise<{ authorization: string }> {
    const words = ['--folder', this.#folder, '--sub', sub, '--subscribe', subscribe, '--publish', publish]
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...words])
    return { authorization: `Bearer ${stdout.trim()}` }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true })
  }
}
