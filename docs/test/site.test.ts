import assert from 'node:assert/strict'
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import MiniSearch from 'minisearch'
import { build } from 'vitepress'

const docs = fileURLToPath(new URL('..', import.meta.url))
let site: string

before(async () => {
  site = await mkdtemp(join(tmpdir(), 'sse-lab-docs-'))
  // It rejects at a link to a page that is not there.
  await build(docs, { outDir: site })
})

after(() => rm(site, { recursive: true, force: true }))

async function pages(): Promise<string[]> {
  const files: string[] = []
  for await (const file of glob('**/*.html', { cwd: site })) files.push(file)
  return files.toSorted()
}

test('each file of docs/ is a page of the site, with its text', async () => {
  for await (const file of glob('{*,scenarios/*}.md', { cwd: docs })) {
    const page = file.replace(/README\.md$/, 'index.md').replace(/\.md$/, '.html')
    const html = await readFile(join(site, page), 'utf8')
    const title = /^# (?<text>.*)$/m.exec(await readFile(join(docs, file), 'utf8'))?.groups?.text ?? ''
    const words = title.replaceAll('`', '').split(/[^\w ]/, 1)[0] ?? ''
    assert.match(html, new RegExp(`<h1[^>]*>[^]*${words}[^]*</h1>`), `${page} has the title ${title}`)
  }
})

test('no page has a script of its own, so the policy needs no exception', async () => {
  for (const page of await pages()) {
    const html = await readFile(join(site, page), 'utf8')
    assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)/, page)
    assert.doesNotMatch(html, /\son\w+="/, page)
  }
})

test('each link of the site leads to a page or a place in one, and none into the repository', async () => {
  const html = new Map<string, string>()
  for (const page of await pages()) html.set(page, await readFile(join(site, page), 'utf8'))
  for (const [page, text] of html) {
    for (const [, href = ''] of text.matchAll(/<a [^>]*?href="([^"]*)"/g)) {
      if (/^(https?:|data:)/.test(href)) continue
      const url = new URL(href, `http://site/docs/${page}`)
      if (url.pathname === '/') continue
      const path = url.pathname.replace(/^\/docs\//, '').replace(/(^|\/)$/, '$1index')
      const target = html.get(path.endsWith('.html') ? path : `${path}.html`)
      assert.ok(target !== undefined, `${page}: ${href}`)
      const id = decodeURIComponent(url.hash.slice(1))
      assert.ok(id === '' || target.includes(`id="${id}"`), `${page}: ${href}`)
    }
  }
})

/** The search of the site, with the options that VitePress gives it by default. */
async function openSearch(): Promise<(query: string) => string[]> {
  const [file] = await Array.fromAsync(glob('assets/chunks/@localSearchIndexroot*.js', { cwd: site }))
  const module: { default: string } = await import(pathToFileURL(join(site, file ?? '')).href)
  const search = MiniSearch.loadJSON(module.default, {
    fields: ['title', 'titles', 'text'],
    storeFields: ['title', 'titles'],
    searchOptions: { fuzzy: 0.2, prefix: true, boost: { title: 4, text: 2, titles: 1 } },
  })
  return query => [
    ...new Set(
      search.search(query).map(({ id }) =>
        String(id)
          .replace(/^\/docs\//, '')
          .replace(/#.*/, ''),
      ),
    ),
  ]
}

// What somebody knows who knows nothing of the lab, and the page that has the answer.
const sentences = [
  ['works locally, half of the events are missing with pm2 -i 4', 'scenarios/fan-out'],
  ['closes after 60 seconds', 'scenarios/quiet-stream'],
  ['arrives late behind nginx', 'scenarios/proxy-buffer'],
  ['502 and the stream never comes back', 'scenarios/deploy-502'],
  ['who may read which topic', 'symptoms'],
  ['net::ERR_INCOMPLETE_CHUNKED_ENCODING', 'scenarios/quiet-stream'],
  ['504 Gateway Time-out', 'scenarios/headers-held'],
  ['upstream timed out (110: Connection timed out)', 'scenarios/quiet-stream'],
  ['upstream prematurely closed connection', 'scenarios/stale-keepalive'],
  ['EventSource\'s response has a MIME type ("text/html")', 'scenarios/deploy-502'],
] as const

for (const [sentence, page] of sentences) {
  test(`the search finds ${page} among its first pages for "${sentence}"`, async () => {
    const found = (await openSearch())(sentence)
    assert.ok(found.slice(0, 5).includes(page), `found ${found.slice(0, 8).join(', ')}`)
  })
}
