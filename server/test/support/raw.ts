import type { Answer } from '@sse-lab/conformance/kit/answer.ts'
import { Exchange } from '@sse-lab/conformance/kit/exchange.ts'

export const anyHost = 'Host: any'

/** The head of a request, from its lines. */
export function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** What a server answers to a text that need not be HTTP, on a connection of its own. */
export async function answerTo(base: string, text: string, method = 'GET'): Promise<Answer> {
  const exchange = new Exchange(new URL(base), 5000)
  try {
    exchange.sendText(text, method)
    return await exchange.answer()
  } finally {
    exchange.wire.close()
  }
}

/** So many characters, for what is too long. */
export function long(characters: number): string {
  return 'x'.repeat(characters)
}
