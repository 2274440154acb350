import { parseFields } from './fields.ts'

export interface ReadData {
  readonly text: string
  readonly tab: string | undefined
  readonly seq: number | undefined
  readonly sentAt: number | undefined
}

/** Anyone may publish anything: what is not of our shape shows as it came. */
export function readData(data: string): ReadData {
  const { text, tab, seq, sentAt } = parseFields(data)
  return {
    text: typeof text === 'string' ? text : data,
    tab: typeof tab === 'string' ? tab : undefined,
    seq: typeof seq === 'number' ? seq : undefined,
    sentAt: typeof sentAt === 'number' && Number.isFinite(sentAt) ? sentAt : undefined,
  }
}

/** Random without crypto.randomUUID: browsers withhold that on plain HTTP from any host but localhost. */
export function randomTab(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))]
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join('')
}
