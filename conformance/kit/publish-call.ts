import { jsonBody, readTemplate, type Template } from '@sse-lab/load/k6/lib/template.ts'
import { readAddress } from './address.ts'
import { OptionError } from './option-error.ts'

/** How to publish. */
export type PublishCall = {
  /** Where, if it is not the server of the stream. */
  base: URL | undefined
  method: string
  /** `{topic}` in it is replaced. */
  path: string
  template: Template
  /** Whether the caller named it: the default may well not be there. */
  named: boolean
}

const example = "'POST /events'"

/** Reads `POST /path`, or `POST http://host/path`; undefined for `none`. Throws an OptionError. */
export function readPublish(
  text: string | undefined,
  body: string = jsonBody,
  type?: string,
): PublishCall | undefined {
  if (text === 'none') return undefined
  const call = /^(?:(?<method>[A-Z]+) )?(?<where>(?:https?:\/)?\/\S*)$/.exec(text ?? 'POST /events')?.groups
  if (call?.where === undefined) {
    throw new OptionError(`--publish must be like ${example}, or none (got ${text})`)
  }
  const { method = 'POST', where } = call
  const elsewhere = where.startsWith('/') ? undefined : readAddress(where)
  return {
    base: elsewhere?.base,
    method,
    path: elsewhere === undefined ? where : (elsewhere.path ?? '/'),
    template: template(body, type),
    named: text !== undefined,
  }
}

function template(body: string, type: string | undefined): Template {
  try {
    return readTemplate(body, type, '--publish-body')
  } catch (error) {
    throw new OptionError(error instanceof Error ? error.message : String(error))
  }
}
