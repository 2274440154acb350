/** The fields of something from outside, each still unknown; none if it is not an object. */
export function fields(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}

export function parseFields(json: string): Record<string, unknown> {
  try {
    return fields(JSON.parse(json))
  } catch {
    return {}
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
