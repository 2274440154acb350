import { isAbsolute } from 'node:path'
import { z } from 'zod'

// [RFC 9700] Keys that come over plain HTTP are anybody's keys; on this machine there is nobody between.
function isKeySource(source: string): boolean {
  if (isAbsolute(source)) return true
  if (!URL.canParse(source)) return false
  const { protocol, hostname, username, password } = new URL(source)
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  return (protocol === 'https:' || (protocol === 'http:' && isLoopback)) && username + password === ''
}

const issuer = z.strictObject({
  issuer: z.string().min(1).max(512),
  audience: z.string().min(1).max(512),
  jwks: z.string().refine(isKeySource, 'must be an https:// address or the absolute path of a file'),
})
const issuers = z
  .array(issuer)
  .min(1, 'must name at least one issuer')
  .max(16, 'must name at most 16 issuers')
  .refine(list => new Set(list.map(one => one.issuer)).size === list.length, 'must name each issuer once')

/** Somebody whose tokens are taken: `iss` and `aud` as the tokens have them, and where the keys are. */
export type Issuer = z.output<typeof issuer>

export const issuersRule =
  'must be a JSON list like [{"issuer":"https://id.example","audience":"sse","jwks":"https://id.example/jwks.json"}]'

/** Reads AUTH_ISSUERS. Throws an Error whose text says which field of which entry is wrong. */
export function readIssuers(json: string): Issuer[] {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new TypeError(issuersRule)
  }
  const { success, data, error } = issuers.safeParse(value)
  if (success) return data
  const [issue] = error.issues
  const place = issue?.path.length ? `: ${issue.path.join('.')} ${issue.message}` : `: it ${issue?.message}`
  throw new TypeError(issuersRule + place)
}
