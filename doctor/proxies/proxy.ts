import type { Naive } from '../test/naive.ts'

/** A proxy as a program of this machine, and two ways to configure it. */
export type Proxy = {
  name: string
  /** Where it is from: a package of Debian, npm or PyPI. */
  from: string
  /** What a client meets at the default, in a few words. Empty: nothing. */
  symptom: string
  broken: Variant
  mended: Variant
  /** The time limit that the row is about, in seconds. The row runs with 4 s instead, so that nobody waits for it. */
  limit?: number
  /** The row is about clients that leave: the server's streams are counted, and it has 4 s to notice. */
  leaves?: true
  /** What the server behind it does in both variants, where that is not what the others do. */
  server?: Naive
}

type Variant = {
  /** The checks of the doctor that are BROKEN, exactly. */
  expects: readonly string[]
  /** What differs from the other variant, as it stands in the file. */
  line: string
  /** Where the line is one of the server. */
  server?: Naive
  programs: (ports: Ports) => Program[]
}

/** The client asks `own`, the server listens on `server`; `inner` is free for a second proxy. */
type Ports = { own: number; inner: number; server: number }

export type Program = {
  /** Files in the folder that it runs in. */
  files: Record<string, string>
  command: readonly [string, ...string[]]
}
