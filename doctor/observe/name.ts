import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Question } from './ask.ts'
import { fetchHead } from './fetch-head.ts'

const withinMs = 1500

/** Headers in which programs name themselves. The outermost wins: a proxy writes its own over what is behind it. */
const byHeader: readonly (readonly [header: string, pattern: RegExp, name: string])[] = [
  ['cf-ray', /./, 'Cloudflare'],
  ['x-amz-cf-id', /./, 'CloudFront'],
  ['x-azure-ref', /./, 'Azure Front Door'],
  ['x-served-by', /cache-/, 'Fastly'],
  ['x-varnish', /./, 'Varnish'],
  ['x-envoy-upstream-service-time', /./, 'Envoy'],
  ['server', /^awselb/, 'ALB'],
  ['server', /^envoy/i, 'Envoy'],
  ['server', /nginx|openresty/i, 'nginx'],
  ['server', /apache/i, 'Apache'],
  ['via', /caddy/i, 'Caddy'],
  ['server', /caddy/i, 'Caddy'],
  ['server', /lighttpd/i, 'lighttpd'],
  ['via', /squid/i, 'Squid'],
  ['x-powered-by', /next\.js/i, 'Next.js'],
  ['server', /uvicorn/i, 'uvicorn'],
  ['server', /gunicorn/i, 'gunicorn'],
  ['server', /kestrel/i, 'Kestrel'],
  ['x-powered-by', /express/i, 'Express'],
]

/** What the first program on the way answers to a line that is no HTTP, which it passes on to nobody. */
const byRefusal: readonly (readonly [RegExp, string])[] = [
  [/<center>(?:nginx|openresty)/, 'nginx'],
  [/Your browser sent an invalid request\.\s*<\/body>/, 'HAProxy'],
  [/^Server: lighttpd/m, 'lighttpd'],
  [/^Server: Apache/m, 'Apache'],
  [/^Server: awselb/m, 'ALB'],
  [/^Server: cloudflare/m, 'Cloudflare'],
  [/Varnish/, 'Varnish'],
  [/squid/i, 'Squid'],
]

/** The name that an answer's headers give. */
export function nameOf(headers: Record<string, string>): string | undefined {
  return byHeader.find(([header, pattern]) => pattern.test(headers[header] ?? ''))?.[2]
}

/** The name that the answer to nonsense gives. */
export function nameOfRefusal(answer: string): string | undefined {
  return byRefusal.find(([pattern]) => pattern.test(answer))?.[1]
}

/**
 * What answers at this address. Asks for a path that nobody has, since a stream's own headers may be held back, and sends a
 * line that is no HTTP: a proxy that names itself nowhere else has its own words for that.
 */
export async function nameLayer(question: Question): Promise<string | undefined> {
  const nowhere = new URL(`/sse-lab-doctor-${process.pid}`, question.url)
  const headers = { ...question.headers, accept: '*/*' }
  const [answer, refusal] = await Promise.all([
    fetchHead({ ...question, url: nowhere, method: 'GET', body: undefined, headers }, withinMs),
    refuse(question),
  ])
  return nameOfRefusal(refusal) ?? nameOf(answer.headers)
}

function refuse({ url, ca }: Question): Promise<string> {
  return new Promise(resolve => {
    let answer = ''
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
    const trusted = ca === undefined ? {} : { ca }
    const socket =
      url.protocol === 'https:'
        ? connectTls({ host, port, ...trusted, ALPNProtocols: ['http/1.1'] })
        : connectTcp({ host, port })
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(done, withinMs)
    socket.on('data', bytes => (answer += bytes.toString('latin1')))
    socket.on('error', done)
    socket.on('close', done)
    socket.write('NO HTTP\r\n\r\n')
  })
}
