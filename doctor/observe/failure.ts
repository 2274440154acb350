import type { Failure } from '../observations.ts'

const kinds: readonly (readonly [RegExp, Failure['kind']])[] = [
  [/^(ENOTFOUND|EAI_)/, 'dns'],
  [/^ECONNREFUSED/, 'refused'],
  [/^(EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EHOSTDOWN)/, 'unreachable'],
  [/^HPE_/, 'malformed'],
  [/(TLS|SSL|CERT|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO|EPROTO)/, 'tls'],
]

/** Puts an error of the system in one of the kinds that are told apart. */
export function failureOf(error: Error): Failure {
  // An address with several IPs fails with one error for each of them.
  const one: unknown = error instanceof AggregateError ? error.errors[0] : error
  const first = one instanceof Error ? one : error
  const code = 'code' in first && typeof first.code === 'string' ? first.code : ''
  const kind = kinds.find(([pattern]) => pattern.test(code))?.[1] ?? 'reset'
  const text = first.message.replaceAll(/\s+/g, ' ').trim()
  return { kind, text: code === '' || text.includes(code) ? text : `${text} (${code})` }
}
