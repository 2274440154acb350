/** One event as the ledger knows it: who published it, and its place in that publisher's order. */
export type Entry = { publisher: string; sequence: number }

/** What was published against what one client got. Sets, never a difference of counts: a loss and a duplicate would cancel. */
export type Audit = {
  /** Acknowledged, and never received. */
  lost: string[]
  /** Received more than once. */
  doubled: string[]
  /** Received after a later one of the same publisher. */
  disordered: string[]
}

/** An entry as it stands in reports and on the wire. */
export function entryName({ publisher, sequence }: Entry): string {
  return `${publisher}/${sequence}`
}

/** The entry that a Publisher put into an event's data: its name, the sequence, and whatever follows. */
export function entryIn(data: string): Entry {
  const [publisher = '', sequence] = data.split(' ', 2)
  return { publisher, sequence: Number(sequence) }
}

/** Compares what a client received, in its order, with what was acknowledged. An unacknowledged event may arrive, once. */
export function audit(acknowledged: readonly Entry[], received: readonly Entry[]): Audit {
  const seen = new Set<string>()
  const latest = new Map<string, number>()
  const doubled: string[] = []
  const disordered: string[] = []
  for (const entry of received) {
    const name = entryName(entry)
    const before = latest.get(entry.publisher) ?? -1
    if (seen.has(name)) doubled.push(name)
    else if (entry.sequence < before) disordered.push(name)
    seen.add(name)
    latest.set(entry.publisher, Math.max(before, entry.sequence))
  }
  return { lost: acknowledged.map(entryName).filter(name => !seen.has(name)), doubled, disordered }
}

/** The audit in one line, with the first few of each kind. */
export function auditText({ lost, doubled, disordered }: Audit): string {
  return `lost ${few(lost)}, duplicate ${few(doubled)}, out of order ${few(disordered)}`
}

function few(names: string[]): string {
  if (names.length === 0) return '0'
  return `${names.length} (${names.slice(0, 5).join(' ')}${names.length > 5 ? ' …' : ''})`
}
