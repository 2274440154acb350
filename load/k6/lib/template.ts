/** What is published, as a template takes it. */
export type Values = { topic: string; data: unknown; type?: string | undefined }

/** How an event becomes the body of a publish. */
export type Template = {
  /** The Content-Type of the body. */
  contentType: string
  bodyOf: (values: Values) => string
  /** Whether the body says the type of an event. */
  saysType: boolean
}

/** The body of the lab's own API, and of many others. */
export const jsonBody = '{"topic":{{topic}},"data":{{data}},"type":{{type}}}'

const names = new Set(['data', 'topic', 'type'])
// No JSON text that a person writes holds it: it tells {{data}} from "{{data}}" once both are strings.
const bare = '\u0000'

/**
 * Reads a body with `{{data}}`, `{{topic}}` and `{{type}}` in it. In JSON a placeholder in quotes becomes text, and one without
 * becomes the value itself; in a form all are percent-encoded; in any other body they stand as they are. A field that is
 * nothing but `{{type}}` is left out of an event without a type. Without a content type it is guessed from the body.
 * Throws an Error whose text begins with `label`.
 */
export function readTemplate(text: string, contentType: string | undefined, label: string): Template {
  const used = [...text.matchAll(/\{\{(.*?)\}\}/g)].map(([, name = '']) => name)
  const unknown = used.find(name => !names.has(name))
  if (unknown !== undefined)
    throw new Error(`${label} has {{${unknown}}}, and there are {{data}}, {{topic}} and {{type}}`)
  if (!used.includes('data')) throw new Error(`${label} must hold {{data}} (got ${text})`)
  const type = contentType || guessed(text)
  return { contentType: type, bodyOf: filler(text, type, label), saysType: used.includes('type') }
}

/** The address with the topic in place of `{topic}` or `{{topic}}`. */
export function withTopic(address: string, topic: string): string {
  return address.replaceAll(/\{\{topic\}\}|\{topic\}/g, encodeURIComponent(topic))
}

function guessed(text: string): string {
  if (/^\s*(?:\[|\{(?!\{))/.test(text)) return 'application/json'
  return /^[^\s={]+=/.test(text) ? 'application/x-www-form-urlencoded' : 'text/plain'
}

function filler(text: string, contentType: string, label: string): Template['bodyOf'] {
  if (/[/+]json\b/i.test(contentType)) return jsonFiller(text, label)
  if (!/x-www-form-urlencoded/i.test(contentType)) return values => replaced(text, values)
  const pairs = text.split('&')
  return values =>
    pairs
      .filter(pair => values.type !== undefined || !pair.includes('{{type}}'))
      .map(pair => replaced(pair, values, encodeURIComponent))
      .join('&')
}

function replaced(text: string, values: Values, encode = (it: string) => it): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => encode(textOf(valueOf(name, values))))
}

function valueOf(name: string, { topic, data, type }: Values): unknown {
  if (name === 'topic') return topic
  return name === 'type' ? type : data
}

function textOf(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function jsonFiller(text: string, label: string): Template['bodyOf'] {
  let body: unknown
  try {
    body = JSON.parse(quoted(text))
  } catch {
    throw new Error(`${label} must be JSON, with {{data}} where a value stands (got ${text})`)
  }
  return values => JSON.stringify(filled(body, values))
}

/** Puts placeholders that stand outside of a string into one, marked as bare. */
function quoted(text: string): string {
  let made = ''
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    const [placeholder, name] = inString ? [] : (/^\{\{(\w+)\}\}/.exec(text.slice(at, at + 9)) ?? [])
    if (placeholder !== undefined) {
      made += `"\\u0000${name}"`
      at += placeholder.length - 1
      continue
    }
    made += character
    if (character === '\\' && inString) made += text.charAt((at += 1))
    else if (character === '"') inString = !inString
  }
  return made
}

function filled(value: unknown, values: Values): unknown {
  if (typeof value === 'string') {
    return value.startsWith(bare) ? valueOf(value.slice(1), values) : replaced(value, values)
  }
  if (Array.isArray(value)) return value.map(it => filled(it, values))
  if (typeof value !== 'object' || value === null) return value
  const pairs = Object.entries(value).filter(
    ([, it]) => values.type !== undefined || (it !== '{{type}}' && it !== `${bare}type`),
  )
  return Object.fromEntries(pairs.map(([name, it]) => [name, filled(it, values)]))
}
