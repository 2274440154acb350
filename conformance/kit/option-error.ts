/** An argument that cannot be. Its text is one line that names the argument and the fix. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
}
