/** Why a call was refused. `problem.ts` alone turns a code into an HTTP status. */
export type RefusalCode =
  | 'bad-json'
  | 'bad-field'
  | 'bad-topic'
  | 'too-large'
  | 'not-json'
  | 'not-found'
  | 'method-not-allowed'
  | 'bad-key'
  | 'key-reused'
  | 'too-many-keys'
  | 'not-ready'
  | 'bus-away'

/** A call that is refused for a stated reason. `detail` names the field and the fix, and never echoes input. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode

  constructor(code: RefusalCode, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.code = code
  }
}

/** The Idempotency-Key came before, with another event. */
export class KeyReused extends Error {
  override readonly name = 'KeyReused'
}

/** More Idempotency-Keys than the bus can know at a time. Nothing was published. */
export class TooManyKeys extends Error {
  override readonly name = 'TooManyKeys'
}

/** The bus did not take an event in time. It was not acknowledged, but may still take effect once. */
export class BusAway extends Error {
  override readonly name = 'BusAway'
}
