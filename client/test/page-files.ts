import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build, transformWithOxc } from 'vite'

export type PageFiles = ReadonlyMap<string, string | Uint8Array>

/** The page as `vite build` makes it, by path: built anew for each run, so that no test passes on an old one. */
export async function buildPage(): Promise<PageFiles> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const built = await build({ root, logLevel: 'warn', build: { write: false } })
  if (!('output' in built)) throw new Error('vite build did not give one list of files')
  const files = built.output.map(
    file => [`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source] as const,
  )
  return new Map(files)
}

/** src/stream.ts alone, with its types stripped and nothing else done: proof that the file can be copied. */
export async function streamAlone(): Promise<PageFiles> {
  const source = await readFile(new URL('../src/stream.ts', import.meta.url), 'utf8')
  const { code } = await transformWithOxc(source, 'stream.ts')
  return new Map([
    ['/index.html', '<!doctype html><title>stream</title>'],
    ['/stream.js', code],
  ])
}
