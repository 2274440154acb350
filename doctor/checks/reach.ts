import type { Failure, Recording } from '../observations.ts'

const hints: Record<number, string> = {
  401: "give HEADER='Authorization: Bearer …' or HEADER='Cookie: …'; EventSource in a browser can send a cookie, but no Authorization",
  403: 'what is asked for is not allowed: another HEADER, or another path?',
  404: 'is the path right?',
  405: 'does the stream answer a POST? Then METHOD=POST BODY=…',
  406: 'the server has no event stream here',
  429: 'too many streams from here: wait, and try again',
  502: 'a proxy answers, and the server behind it does not',
  503: 'the server, or a proxy before it, is not ready',
  504: 'a proxy answers, and the server behind it said nothing in time',
}

/** Why nothing can be judged of this stream, in one line, or undefined where it can. */
export function unjudgeable({ failure, status, headers }: Recording): string | undefined {
  if (failure !== undefined) return failureText(failure)
  if (status === undefined) return undefined
  if (status >= 300 && status < 400) {
    return `${status}: it redirects to ${headers.location ?? 'nowhere'}: give that address`
  }
  if (status !== 200) {
    const asked = headers['www-authenticate']
    return `answers ${status}${asked ? ` (WWW-Authenticate: ${asked})` : ''}: ${hints[status] ?? 'no event stream'}`
  }
  const type = headers['content-type'] ?? ''
  // A page, a login or an API. What only lacks the right type is judged, and says so.
  if (!/^(text\/html|application\/json)/i.test(type)) return undefined
  return `answers 200 with ${type}, which is no event stream: is the path right, or is it a login?`
}

const failures: Record<Failure['kind'], string> = {
  dns: 'the name cannot be found',
  refused: 'nothing listens there',
  unreachable: 'the address cannot be reached',
  tls: 'TLS',
  malformed: 'the answer is no HTTP',
  reset: 'the connection was closed before an answer',
}

function failureText({ kind, text }: Failure): string {
  const own = /self.signed|unable to|UNABLE_TO|SELF_SIGNED/.test(text)
  const plain = /wrong version number/i.test(text)
  const hint = own ? '; for a certificate of your own: CA=file.pem' : plain ? '; it speaks http there' : ''
  return `${failures[kind]}: ${text}${hint}`
}
