/** The element of index.html with this id. Throws at the start if page and script do not fit, not at the first click. */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof type) return found
  throw new Error(`index.html has no ${type.name} with the id ${id}`)
}

/** Writes only what changed: a screen reader says again whatever is written again. */
export function write(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text
}
