/** What a stream makes of what is published: the text itself, or JSON of it, at a path like `event.data`. */
export type Arriving = { as: 'text' } | { as: 'json'; path: readonly string[] }

export const asText: Arriving = { as: 'text' }

/** What was published, from what came. What cannot be read stays as it is. */
export function published(raw: string, arriving: Arriving): string {
  if (arriving.as === 'text') return raw
  try {
    let value: unknown = JSON.parse(raw)
    for (const name of arriving.path) value = at(value, name)
    return typeof value === 'string' ? value : JSON.stringify(value)
  } catch {
    return raw
  }
}

function at(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
    throw new Error(`no ${name}`)
  return Reflect.get(value, name)
}

/** How this text has arrived, or undefined where what came does not hold it as a whole. */
export function howArrived(raw: string, text: string): Arriving | undefined {
  if (raw === text) return asText
  try {
    const path = pathOf(JSON.parse(raw), text)
    return path === undefined ? undefined : { as: 'json', path }
  } catch {
    return undefined
  }
}

const depthMax = 4

function pathOf(value: unknown, text: string, depth = 0): string[] | undefined {
  if (value === text) return []
  if (typeof value !== 'object' || value === null || depth === depthMax) return undefined
  for (const [name, it] of Object.entries(value)) {
    const path = pathOf(it, text, depth + 1)
    if (path !== undefined) return [name, ...path]
  }
  return undefined
}
