import { isDeepStrictEqual } from 'node:util'

/** The server did otherwise than a case wants. The text says what was wanted and what was seen. */
export class Failure extends Error {
  override readonly name: string = 'Failure'
  /** What failures of one and the same cause have in common, like `open 503`. */
  readonly mark: string | undefined

  constructor(text: string, mark?: string) {
    super(text)
    this.mark = mark
  }
}

/** A case that cannot be judged on this server, and why. */
export class Skip extends Error {
  override readonly name = 'Skip'
}

/** Fails unless `seen` is exactly `wanted`. */
export function equal(what: string, seen: unknown, wanted: unknown): void {
  if (!isDeepStrictEqual(seen, wanted))
    throw new Failure(`${what}: wanted ${show(wanted)}, saw ${show(seen)}`)
}

/** Fails unless `fits`. `wanted` finishes the sentence "wanted …". */
export function expect(fits: boolean, what: string, wanted: string, seen: unknown): void {
  if (!fits) throw new Failure(`${what}: wanted ${wanted}, saw ${show(seen)}`)
}

/** A value on one line, short enough to read. */
export function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 240 ? `${text.slice(0, 200)}… (${text.length} characters)` : text
}
