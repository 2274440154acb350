/** Where the two sides answer. `callTo` is another name of the same address, where the machine has one. */
export interface SideAddress {
  readonly origin: string
  readonly callTo: string
}

const sameMachine: Record<string, string> = { localhost: '127.0.0.1', '127.0.0.1': 'localhost' }

/**
 * The page's own side, and the other one if the lab names it: same host, another port. A browser counts its six
 * connections by name, so a call that goes to the machine's other name (127.0.0.1 for localhost) finds one free, however
 * many streams are open.
 */
export function readSides(own: string, known: readonly string[]): SideAddress[] {
  const here = new URL(own)
  const addresses = known.flatMap(origin => (URL.canParse(origin) ? [new URL(origin)] : []))
  const other = addresses.find(({ hostname, port }) => hostname === here.hostname && port !== here.port)
  const otherName = ({ hostname, port }: URL): string | undefined =>
    addresses.find(it => it.port === port && it.hostname === sameMachine[hostname])?.origin
  return [here, ...(other === undefined ? [] : [other])].map(address => ({
    origin: address.origin,
    callTo: otherName(address) ?? address.origin,
  }))
}
