/** Why a call was refused. `problem.ts` turns a code into an HTTP status. */
export type RefusalCode =
  | 'bad-json'
  | 'bad-field'
  | 'bad-topic'
  | 'too-large'
  | 'not-json'
  | 'not-found'
  | 'method-not-allowed'
  | 'bad-key'
  | 'not-ready'
  | 'unauthorized'
  | 'token-expired'
  | 'forbidden'
  | 'too-many'

/** A call that is refused for a stated reason. `detail` names the field and the fix, and never echoes input. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode

  constructor(code: RefusalCode, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.code = code
  }
}
