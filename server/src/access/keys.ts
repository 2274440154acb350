import { readFile } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { pathToFileURL, fileURLToPath } from 'node:url'
import { createRemoteJWKSet, customFetch, type FetchImplementation, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { Refusal } from '../http/refusal.ts'

const keySet = z.object({ keys: z.array(z.unknown()) })
const timeoutMs = 3000
/** Keys are read anew after this time, and a key that is not among them sooner. */
const ageMsMax = 600_000
const cooldownMs = 30_000
// An issuer that is away for a while ends no stream: its last keys hold. One that was taken over must not keep them for ever.
const staleMsMax = 3_600_000
// A herd of clients must not become a herd at the issuer.
const failureMs = 2000

type Options = { fetch?: FetchImplementation; now?: () => number; onError?: (error: unknown) => void }

/**
 * The keys of one issuer, from the address or file that the configuration names and from no other: what a token says of keys
 * (`jku`, `x5u`, `jwk`) is not looked at, nor is its `iss` part of any address (CVE-2026-32301). Each issuer has a cache of its
 * own, because a `kid` is only unique within one (CVE-2026-49998). The function that is returned rejects with a Refusal
 * `not-ready` when there is no key set, and with jose's own error when the set has no such key.
 */
export function openKeys(source: string, options: Options = {}): JWTVerifyGetKey {
  const url = isAbsolute(source) ? pathToFileURL(source) : new URL(source)
  const read = keepLast(options.fetch ?? fetchOrRead, options)
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: timeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: ageMsMax,
    [customFetch]: read,
  })
  return (header, token) => keys(header, token)
}

const fetchOrRead: FetchImplementation = async (url, init) =>
  url.startsWith('file:') ? new Response(await readFile(fileURLToPath(url))) : await fetch(url, init)

// Answers with the last good set while the source fails, and says no at once for a while after a failure.
function keepLast(source: FetchImplementation, options: Options): FetchImplementation {
  const { now = Date.now, onError = () => undefined } = options
  let last: { text: string; at: number } | undefined
  let failed: { error: unknown; at: number } | undefined
  const refresh = async (url: string, init: Parameters<FetchImplementation>[1]) => {
    if (failed && now() - failed.at < failureMs) throw failed.error
    try {
      const response = await source(url, init)
      if (response.status !== 200) throw new Error(`the key set's address answered ${response.status}`)
      const text = await response.text()
      // Whatever else it is, maybe a page that says sorry, it must not replace the keys.
      keySet.parse(JSON.parse(text))
      last = { text, at: now() }
      failed = undefined
      return text
    } catch (error) {
      failed = { error, at: now() }
      onError(error)
      throw error
    }
  }
  return async (url, init) => {
    const text = await refresh(url, init).catch((error: unknown) => {
      if (last && now() - last.at < staleMsMax) return last.text
      throw new Refusal('not-ready', "The keys of the token's issuer cannot be had.", { cause: error })
    })
    return new Response(text)
  }
}
