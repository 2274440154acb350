import { docker, label, network } from './stack.ts'

type Calls = {
  count: number
  /** How many of them at a time; without it, all. */
  atOnce?: number
  /** Those that have not ended by then are given up. */
  seconds: number
  headers?: Record<string, string>
  /** Posted as JSON. Without it, they are GETs. */
  body?: string
}

// Line by line: what curl had not printed when it is given up would be lost.
const script =
  'timeout "$0" stdbuf -oL curl --silent --no-buffer --parallel --parallel-immediate "$@" || true'

/**
 * Calls from an address of its own: with curl, in a container of its own. It has half a processor, as a caller's is not the server's.
 * Resolves when all calls have ended, however they did: with the lines of the answers, or with the status of each that was posted.
 */
export async function callElsewhere(url: string, calls: Calls): Promise<string[]> {
  const { count, atOnce = count, seconds, headers = {}, body } = calls
  const given = body === undefined ? headers : { ...headers, 'content-type': 'application/json' }
  const output = ['--output', '/dev/null', '--write-out', String.raw`%{http_code}\n`]
  const curl = [
    ...Object.entries(given).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ...(body === undefined ? [] : ['--data-binary', body, ...output]),
    '--parallel-max',
    String(atOnce),
    `${url}${url.includes('?') ? '&' : '?'}call=[1-${count}]`,
  ]
  const labels = Object.entries(label).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  const shell = ['--cpus', '0.5', '--entrypoint', 'sh', 'sse-lab/test', '-c', script, String(seconds)]
  const printed = await docker('run', '--rm', '--network', network, ...labels, ...shell, ...curl)
  return printed.split(/\r?\n/).filter(Boolean)
}
