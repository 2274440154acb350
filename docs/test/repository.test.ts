import assert from 'node:assert/strict'
import { access, glob, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { slug } from '../.vitepress/slug.ts'

const root = new URL('../../', import.meta.url)
const read = (file: string) => readFile(new URL(file, root), 'utf8')
const files = await Array.fromAsync(glob('{*.md,docs/*.md,docs/scenarios/*.md}', { cwd: root }))
// What `make screenshots` takes.
const awaited = ['docs/img/page.png']

/** The anchors of a page, as GitHub and VitePress make them of its titles. */
function anchors(markdown: string): Set<string> {
  const titles = [...markdown.matchAll(/^#+ (?<title>.*)$/gm)].map(({ groups }) => groups?.title ?? '')
  return new Set(titles.map(slug))
}

test('each link of the README and of the docs leads to a file that is there, and to a title in it', async () => {
  for (const file of files) {
    const prose = (await read(file)).replaceAll(/^```[^]*?^```/gm, '')
    for (const [, href = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^\w+:/.test(href)) continue
      const url = new URL(href, new URL(file, 'file:///'))
      const path = decodeURIComponent(url.pathname.slice(1)) || file
      if (awaited.includes(path)) continue
      await access(new URL(path, root)).catch(() => assert.fail(`${file}: ${href}`))
      if (url.hash !== '' && path.endsWith('.md'))
        assert.ok(anchors(await read(path)).has(url.hash.slice(1)), `${file}: ${href}`)
    }
  }
})

test('the README is one screen and a few pages: under 1,000 words', async () => {
  const words = (await read('README.md')).split(/\s+/).filter(Boolean)
  assert.ok(words.length < 1000, `${words.length} words`)
})

// In two steps: from the row that says what one sees to its page.
const rows: [RegExp, string][] = [
  [/works locally.*pm2 -i 4.*half of the events/, 'docs/scenarios/fan-out.md'],
  [/closes after 60 seconds/, 'docs/scenarios/quiet-stream.md'],
  [/late behind nginx/, 'docs/scenarios/proxy-buffer.md'],
  [/502.*never comes back/, 'docs/scenarios/deploy-502.md'],
  [/read any topic/, 'docs/symptoms.md#who-may-read'],
]

test('the README leads from what people see to the page that explains it', async () => {
  const lines = (await read('README.md')).split('\n')
  for (const [symptom, page] of rows) {
    const line = lines.find(text => text.startsWith('|') && symptom.test(text))
    assert.ok(line?.includes(`(${page})`), `${symptom}: ${line}`)
  }
})

test('each command of the docs runs in CI: make test-readme runs it, or the file that it names does', async () => {
  for (const file of files) {
    const ran = ['README.md', 'docs/tour.md', 'docs/take-it-home.md'].includes(file)
    const blocks = (await read(file)).matchAll(
      /(?:<!-- ci: (?<note>.*?) -->\n\n)?```sh\n(?<command>[^]*?)```/g,
    )
    for (const { groups } of blocks) {
      const [command = '', note = ''] = [groups?.command?.trim(), groups?.note]
      const [, place] = /^runs in (\S+)/.exec(note) ?? []
      if (place === undefined) {
        // scenarios/catalogue.test.ts holds those of the scenarios' pages.
        assert.ok(ran || file.startsWith('docs/scenarios/'), `${file}: nobody runs ${command}`)
        continue
      }
      const text = await read(place)
      const words = place.endsWith('.ts') ? (command.split(/\s+/).at(-1) ?? '') : command
      assert.ok(text.includes(words), `${place} does not run ${command}`)
    }
  }
})

test('docs/decisions.md lists each of its entries', async () => {
  const text = await read('docs/decisions.md')
  const listed = [...text.matchAll(/^- (?:[\d-]{10} )?\[(.*)\]\(#/gm)].map(([, title]) => title)
  const entries = [...text.matchAll(/^## (.*)$/gm)].map(([, title = '']) => title)

  assert.deepEqual(
    entries.filter(title => !listed.includes(title) && !listed.includes(title.replaceAll('`', ''))),
    [],
  )
})
