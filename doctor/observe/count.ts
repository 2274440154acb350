import type { Question } from './ask.ts'
import { fetchHead } from './fetch-head.ts'

/** Where the server says how many streams it holds. Without a name it is the first number of the answer. */
export type Count = { url: URL; name: string | undefined }

const withinMs = 3000
const textMax = 1_000_000

/** Reads `http://127.0.0.1:3000/metrics sse_connections`, or a path at the server of `base`. Throws where that is no address. */
export function readCount(text: string, base: URL): Count {
  const { address, name } = /^(?<address>(?:https?:\/|\/)\S+)(?:\s+(?<name>\S+))?$/.exec(text)?.groups ?? {}
  if (address === undefined) throw new Error('it is no address')
  return { url: new URL(address, base), name }
}

/** How many streams the server holds now, or undefined where it does not say. */
export async function streamsHeld({ url, name }: Count, question: Question): Promise<number | undefined> {
  const headers = { ...question.headers, accept: '*/*' }
  const asked = { ...question, url, method: 'GET', body: undefined, headers }
  const { status, text } = await fetchHead(asked, withinMs, textMax)
  return status === 200 ? numberIn(text, name) : undefined
}

/** The sum over all lines of this name, as Prometheus reads them, or the first number. */
export function numberIn(text: string, name: string | undefined): number | undefined {
  if (name === undefined) {
    const [first] = /\d+/.exec(text) ?? []
    return first === undefined ? undefined : Number(first)
  }
  const values = text
    .split('\n')
    .filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map(line => Number(/[\s}](?<value>[\d.e+]+)\s*$/.exec(line)?.groups?.value))
  return values.length === 0 || values.some(Number.isNaN)
    ? undefined
    : values.reduce((sum, value) => sum + value)
}
