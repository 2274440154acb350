/** What a run can be told, all by environment. Units: seconds where a name ends in `_S`, milliseconds in `_MS`. */
export type Knobs = {
  /** Streams on each side. */
  streams: number
  /** Events per second on each side, by all publishers together. */
  rate: number
  durationS: number
  publishers: number
  /** Characters of filling in each event's data, to see what size costs. */
  padding: number
  /** How long silent streams must live. nginx ends one after 60 s without a heartbeat. */
  quietS: number
  /** How long the last event may take. What is missing after that is lost. */
  completeS: number
  /** Numbers of streams that `capacity` tries, one after another. */
  steps: number[]
  /** Where `capacity` calls a step too slow. */
  latencyMsMax: number
}

const defaults = {
  STREAMS: '1000',
  RATE: '20',
  DURATION: '20s',
  PUBLISHERS: '4',
  PADDING: '0',
  QUIET: '70s',
  // A machine that is nearly full may stand still for seconds.
  COMPLETE: '30s',
  STEPS: '500,1000,2000,4000,8000',
  LATENCY_MS_MAX: '1000',
}

/** Reads the knobs. Throws one error that lists every bad one, with its value and what it must be. */
export function readKnobs(env: Record<string, string | undefined>): Knobs {
  const wrong: string[] = []
  const read = <T>(
    name: keyof typeof defaults,
    mustBe: string,
    parse: (text: string) => T | undefined,
  ): T | undefined => {
    const text = env[name] || defaults[name]
    const value = parse(text)
    if (value === undefined) wrong.push(`${name} must be ${mustBe} (got "${text}")`)
    return value
  }
  const integer = (name: keyof typeof defaults, min: number, max: number) =>
    read(name, `an integer ${min}-${max}`, text => integerIn(text, min, max)) ?? 0
  const knobs = {
    streams: integer('STREAMS', 1, 100_000),
    rate: integer('RATE', 1, 100_000),
    durationS: read('DURATION', 'a time like 30s or 2m', seconds) ?? 0,
    publishers: integer('PUBLISHERS', 1, 1000),
    padding: integer('PADDING', 0, 60_000),
    quietS: read('QUIET', 'a time like 70s or 2m', seconds) ?? 0,
    completeS: read('COMPLETE', 'a time like 30s or 2m', seconds) ?? 0,
    steps: read('STEPS', 'rising integers 1-100000, separated by commas', steps) ?? [],
    latencyMsMax: integer('LATENCY_MS_MAX', 1, 600_000),
  }
  if (wrong.length > 0) throw new Error(`knobs: ${wrong.join('; ')}`)
  return knobs
}

function integerIn(text: string, min: number, max: number): number | undefined {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  return value >= min && value <= max ? value : undefined
}

function seconds(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,5})(s|m)$/.exec(text) ?? []
  const value = Number(digits) * (unit === 'm' ? 60 : 1)
  return value > 0 ? value : undefined
}

function steps(text: string): number[] | undefined {
  const values = text.split(',').map(it => integerIn(it, 1, 100_000))
  const all = values.filter(it => it !== undefined)
  // Each step has a ledger of its own, by its number.
  const rises = all.every((step, at) => step > (all[at - 1] ?? 0))
  return all.length === values.length && rises ? all : undefined
}
