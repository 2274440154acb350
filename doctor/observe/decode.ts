import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'

const makers = new Map<string, () => Transform>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  ['deflate', () => createInflate()],
  ['br', () => createBrotliDecompress()],
  ['zstd', () => createZstdDecompress()],
])

/** What a browser takes, so that a server compresses for the doctor as it does for a browser. */
export const browserEncodings = 'gzip, deflate, br, zstd'

/**
 * Gives a body's bytes to `take` as soon as they can be read. `encoding` is the answer's Content-Encoding. Bytes in an
 * unknown encoding, and what is broken, are not given.
 */
export function decoder(encoding: string, take: (bytes: Buffer) => void): (bytes: Buffer) => void {
  const name = encoding.trim().toLowerCase()
  if (name === '' || name === 'identity') return take
  const unpack = makers.get(name)?.()
  if (unpack === undefined) return () => undefined
  unpack.on('data', take)
  unpack.on('error', () => undefined)
  return bytes => {
    if (!unpack.destroyed) unpack.write(bytes)
  }
}
