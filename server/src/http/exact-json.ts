declare global {
  interface JSON {
    /** An object that JSON.stringify writes as `text`. https://github.com/tc39/proposal-json-parse-with-source */
    rawJSON(text: string): object
    isRawJSON(value: unknown): boolean
  }
}

/**
 * JSON.parse, but a number that JavaScript would write otherwise (`1.0`, `12345678901234567890`, `1e400`, `-0`) becomes an object
 * that JSON.stringify writes as it was read. Throws a SyntaxError for what is no JSON, a RangeError for what is nested
 * deeper than the stack.
 */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, keepNumber)
}

function keepNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || context?.source === undefined) return value
  return JSON.stringify(value) === context.source ? value : JSON.rawJSON(context.source)
}
