import { isId } from '../bus/streams/ids.ts'

/**
 * Positions in several logs as one id. In one log it is `<partition>:<ms>-<sequence>`. In several it is base64url of
 * varints: the greatest ms, then for each partition, from the lowest: its number, how far its ms is before that, its sequence. So
 * twelve positions of one minute are some 90 characters, instead of 220.
 */

/** Partitions that an id can name. */
export const partitionsMax = 64
// What a query or a header may bring is looked at only up to here: more than 64 partitions with the largest numbers need.
const charsMax = 2048
const uint64Max = 2n ** 64n - 1n

/** What has been read, by partition: `<ms>-<sequence>` of a log. */
export type Positions = ReadonlyMap<number, string>

export function writeCursor(positions: Positions): string {
  const sorted = [...positions].toSorted(([a], [b]) => a - b)
  const [only] = sorted
  if (only !== undefined && sorted.length === 1) return `${only[0]}:${only[1]}`
  const numbers = sorted.map(([partition, id]) => {
    const [ms = 0n, sequence = 0n] = id.split('-').map(BigInt)
    return { partition, ms, sequence }
  })
  const latest = numbers.reduce((max, { ms }) => (ms > max ? ms : max), 0n)
  const bytes: number[] = []
  pushVarint(bytes, latest)
  for (const { partition, ms, sequence } of numbers) {
    pushVarint(bytes, BigInt(partition))
    pushVarint(bytes, latest - ms)
    pushVarint(bytes, sequence)
  }
  return Buffer.from(bytes).toString('base64url')
}

/** Reads what writeCursor has written; undefined for anything else, also for another way to write the same. */
export function readCursor(text: string): Positions | undefined {
  if (text.length > charsMax) return undefined
  const positions = text.includes(':') ? readOne(text) : readSeveral(text)
  // A client may send anything. One way to write each cursor leaves nothing to be read in two ways.
  return positions !== undefined && writeCursor(positions) === text ? positions : undefined
}

function readOne(text: string): Positions | undefined {
  const [, partition = '', id = ''] = /^(\d{1,2}):(.+)$/.exec(text) ?? []
  if (!isId(id) || !isUint64(id) || Number(partition) >= partitionsMax) return undefined
  return new Map([[Number(partition), id]])
}

function readSeveral(text: string): Positions | undefined {
  if (!/^[\w-]+$/.test(text)) return undefined
  const numbers = readVarints(Buffer.from(text, 'base64url'))
  const [latest, ...rest] = numbers ?? []
  if (latest === undefined || rest.length < 6 || rest.length % 3 !== 0) return undefined
  const positions = new Map<number, string>()
  for (let at = 0; at < rest.length; at += 3) {
    const [partition = 0n, back = 0n, sequence = 0n] = rest.slice(at, at + 3)
    if (partition >= partitionsMax || back > latest) return undefined
    positions.set(Number(partition), `${latest - back}-${sequence}`)
  }
  return positions
}

function isUint64(id: string): boolean {
  return id.split('-').every(half => BigInt(half) <= uint64Max)
}

function pushVarint(bytes: number[], number: bigint): void {
  for (; number > 127n; number >>= 7n) bytes.push(Number(number & 127n) | 128)
  bytes.push(Number(number))
}

/** Undefined if one is not ended, or is larger than 64 bits. */
function readVarints(bytes: Buffer): bigint[] | undefined {
  const numbers: bigint[] = []
  let [number, shift] = [0n, 0n]
  for (const byte of bytes) {
    number |= BigInt(byte & 127) << shift
    if (number > uint64Max) return undefined
    shift += 7n
    if (byte > 127) continue
    numbers.push(number)
    ;[number, shift] = [0n, 0n]
  }
  return shift === 0n ? numbers : undefined
}
