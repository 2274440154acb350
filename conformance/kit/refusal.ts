import type { Answer } from './answer.ts'
import type { Exchange } from './exchange.ts'
import type { Options } from './options.ts'

/** The server cannot be judged, and why: one line that says what to do. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

/** Why there was no answer to the request for a stream; undefined where the server took it and is silent. */
export function noAnswer({ base }: Options, { wire, leftover }: Exchange): NoAnswer | undefined {
  const { error, errorCode = '' } = wire
  if (wire.connected && wire.over === undefined) return undefined
  if (leftover !== '' && !leftover.startsWith('HTTP/'))
    return new NoAnswer(`what answers at ${base.origin} is no HTTP server: give another address`)
  if (wire.connected)
    return new NoAnswer(
      `the server at ${base.origin} took the connection and ended it without an answer: is it ${otherScheme(base)}?`,
    )
  if (isTls(base, errorCode, error)) return tlsRefusal(base, errorCode, error)
  const why = error ?? 'no connection within 5 s'
  return new NoAnswer(`no HTTP server answers at ${base.origin} (${why}): start it, or give another address`)
}

const otherScheme = ({ protocol }: URL): string => (protocol === 'https:' ? 'http://' : 'https://')

// Everything that is no error of the connection itself.
function isTls({ protocol }: URL, code: string, error: string | undefined): boolean {
  return protocol === 'https:' && error !== undefined && !/^E[A-Z]+$/.test(code.replace('EPROTO', ''))
}

function tlsRefusal({ origin }: URL, code: string, error = ''): NoAnswer {
  const why = error.split('\n')[0]?.split(':').at(-1)?.trim() ?? error
  if (/SSL|PROTO/.test(code) && !/CERT|ALTNAME/.test(code)) {
    return new NoAnswer(`what listens at ${origin} speaks no TLS (${why}): is it http://?`)
  }
  if (/EXPIRED|NOT_YET|ALTNAME/.test(code)) {
    return new NoAnswer(
      `TLS: the certificate of ${origin} does not hold (${why}): renew it, or give its name`,
    )
  }
  return new NoAnswer(
    `TLS: the certificate of ${origin} is of nobody who is trusted here (${why}): give the file of who made it with --ca`,
  )
}

/** Why an answer is no stream to judge; undefined for a 200 that may be one. */
export function notAStream({ method, stream, headers }: Options, answer: Answer): NoAnswer | undefined {
  const { status } = answer
  const says = (what: string) => new NoAnswer(`${method} ${stream} is answered ${status}: ${what}`)
  if (status === 200) return undefined
  if (status === 0) return new NoAnswer('what answers there is no HTTP server: give another address')
  if (status === 401 || status === 403 || status === 407) {
    const scheme = answer.header('www-authenticate')?.split(' ', 1)[0] ?? 'Bearer'
    const given = headers.authorization !== undefined || headers.cookie !== undefined
    const lack = given ? 'what was given in --header or --cookie does not do' : 'it wants to know who asks'
    return says(`${lack}. Give --header 'Authorization: ${scheme} …' or --cookie`)
  }
  if (status === 404) return says('no stream is there. Give its path with --stream, or whole in --url')
  if (status === 405) {
    const allowed = answer.header('allow') ?? 'other methods'
    return says(`it allows ${allowed}. Give --method, and with POST --body, or another path with --stream`)
  }
  if (status === 406) return says("give what it can answer with --header 'Accept: …'")
  if (status >= 300 && status <= 399)
    return says(`it is at ${answer.header('location') ?? 'another place'}. Give that address`)
  if (status === 429) return says('too many calls from here: come back later')
  if (status >= 500) return says('the server or a proxy on the way fails, and nothing can be judged')
  if (status < 300) return says('a stream is a 200, and there is nothing to read in this')
  return says(
    `${answer.text.replaceAll(/\s+/g, ' ').slice(0, 120)} Mend the request with --stream, --header or --body`,
  )
}

/** Why this answer to a publish means that the call is another; undefined where it may be the server's own fault. */
export function notPublished({ publish }: Options, answer: Answer): string | undefined {
  const { status } = answer
  if (publish === undefined || status < 400 || status >= 500) return undefined
  const call = `${publish.method} ${publish.path}`
  const text = answer.text.replaceAll(/\s+/g, ' ').slice(0, 80)
  return `${call} is answered ${status}${text === '' ? '' : ` (${text})`}`
}
