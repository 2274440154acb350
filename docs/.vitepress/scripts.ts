import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const inline = /<script(?<attributes>(?:(?!\ssrc=)[^>])*)>(?<text>[^]*?)<\/script>/g

/**
 * VitePress writes two small scripts into each page: dark mode before the first paint, and the Mac's keys. The server's policy
 * runs no script that stands in a page, so each becomes a file beside the others. `base` is where the site is served.
 */
export function moveScriptsToFiles(base: string) {
  const files = new Map<string, string>()
  return {
    /** A page with its scripts as files. */
    transformHtml: (html: string): string =>
      html.replaceAll(inline, (_all, attributes: string, text: string) => {
        const name = `assets/page.${createHash('sha256').update(text).digest('hex').slice(0, 8)}.js`
        files.set(name, text)
        return `<script${attributes} src="${base}${name}"></script>`
      }),
    /** Writes those files into the built site. */
    async write(folder: string): Promise<void> {
      await mkdir(join(folder, 'assets'), { recursive: true })
      for (const [name, text] of files) await writeFile(join(folder, name), text)
    },
  }
}
