import type { Result } from './run.ts'

/**
 * Which failures follow from others. Each result goes to `add` in the order of the report, and gets the case that it follows from:
 * one that its own case names, or an earlier one that failed in the same way.
 */
export class Causes {
  readonly #causeOf = new Map<string, string>()
  readonly #firstWith = new Map<string, string>()

  add(result: Result): Result {
    if (result.outcome !== 'FAIL') return result
    const { id, after = [], needs = [] } = result.case
    const named = [...after, ...(needs.includes('publish') ? ['delivery/arrives'] : [])]
    const { mark } = result
    const before =
      (mark === undefined ? undefined : this.#firstWith.get(mark)) ??
      named.map(it => this.#causeOf.get(it)).find(cause => cause !== undefined && cause !== id)
    this.#causeOf.set(id, before ?? id)
    if (mark !== undefined && before === undefined) this.#firstWith.set(mark, id)
    return before === undefined ? result : { ...result, followsFrom: before }
  }
}
