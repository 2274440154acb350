/** Where streams may open, and how many: a browser opens six connections to one address and lets the rest wait. */
export interface StreamAddress {
  readonly origin: string
  readonly streamsMax: number
}

/** Where a side answers. `callTo` is another name of the same address, where the machine has one. */
export interface SideAddress {
  readonly origin: string
  readonly callTo: string
  readonly streamsAt: readonly StreamAddress[]
  /** What streams share: names that only streams use, an address with the calls, or one connection. */
  readonly sharing: 'names' | 'address' | 'connection'
}

/** What the browser does with the lab's addresses. */
export interface Browser {
  /** Whether it takes s0.localhost for this machine. It counts the connections to each such name by themselves. */
  readonly knowsNames: boolean
  /** Whether it speaks HTTP/2 to the page's server: then streams share one connection. */
  readonly multiplexes: boolean
}

/** Over HTTP/1.1, to one address, over all tabs. */
const connectionsMax = 6
/** Where calls go to the same address: one connection is theirs. */
const streamsMax = connectionsMax - 1
const multiplexedMax = 100
/** Names on which nothing but streams goes. */
const streamNames = ['s0', 's1', 's2', 's3', 's4', 's5', 's6', 's7']
/** A name to ask whether the browser takes such names: those of streams may have no connection free. */
const questionName = 'names'

const sameMachine: Record<string, string> = { localhost: '127.0.0.1', '127.0.0.1': 'localhost' }

/**
 * The page's own side, and the other one if the lab names it: same host, another port. A browser counts its six
 * connections by name. So streams spread over names of their own, and a call that goes to the machine's other name
 * (127.0.0.1 for localhost) finds a connection free, however many streams are open.
 */
export function readSides(own: string, known: readonly string[], browser: Browser): SideAddress[] {
  const here = new URL(own)
  const addresses = known.flatMap(origin => (URL.canParse(origin) ? [new URL(origin)] : []))
  const other = addresses.find(({ hostname, port }) => hostname === here.hostname && port !== here.port)
  const otherName = ({ hostname, port }: URL): string | undefined =>
    addresses.find(it => it.port === port && it.hostname === sameMachine[hostname])?.origin
  return [here, ...(other === undefined ? [] : [other])].map(address => {
    const { origin } = address
    const callTo = otherName(address) ?? origin
    const names = browser.knowsNames ? below(address, known, streamNames) : []
    if (names.length > 0) {
      const streamsAt = names.map(name => ({ origin: name, streamsMax: connectionsMax }))
      return { origin, callTo, streamsAt, sharing: 'names' }
    }
    const streams = browser.multiplexes ? multiplexedMax : streamsMax
    const sharing = browser.multiplexes ? 'connection' : 'address'
    return { origin, callTo, streamsAt: [{ origin, streamsMax: streams }], sharing }
  })
}

/** Where to ask whether the browser takes names below localhost; undefined where the page may not call them. */
export function questionOrigin(address: URL, known: readonly string[]): string | undefined {
  return below(address, known, [questionName])[0]
}

/** `http://s0.localhost:8080` and so on, if the lab names `http://localhost:8080`: only then may its page call them. */
function below(
  { protocol, hostname, port }: URL,
  known: readonly string[],
  names: readonly string[],
): string[] {
  const end = port === '' ? '' : `:${port}`
  if (!(hostname in sameMachine) || !known.includes(`${protocol}//localhost${end}`)) return []
  return names.map(name => `${protocol}//${name}.localhost${end}`)
}
