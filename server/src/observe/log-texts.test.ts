import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const sources = fileURLToPath(new URL('..', import.meta.url))
const page = new URL('../../../docs/debugging.md', import.meta.url)
const call = /\blog\.(?:debug|info|warn|error|fatal)\(/g
const callWithText =
  /\blog\.(?:debug|info|warn|error|fatal)\(\s*(?:(?:\{[^}]*\}|\w+),\s*)?(?<quote>['`])(?<text>.*?)\k<quote>/gs
const fact = /\bnew RepeatedFact\(/g
const factText = /\btext: '(?<text>[^']*)'/g
const overText = /\bover: '(?<text>[^']*)'/g

function textsOf(source: string, pattern: RegExp): string[] {
  // What differs from line to line is "…" in the table.
  return [...source.matchAll(pattern)].map(({ groups }) => (groups?.text ?? '').replaceAll(/\$\{.*?\}/g, '…'))
}

async function textsInSource(): Promise<string[]> {
  const texts = new Set<string>()
  for await (const file of glob('**/*.ts', { cwd: sources })) {
    // RepeatedFact itself logs what others say.
    if (file.endsWith('.test.ts') || file.endsWith('repeated-fact.ts')) continue
    const source = await readFile(sources + file, 'utf8')
    const [said, facts] = [textsOf(source, callWithText), textsOf(source, factText)]
    assert.equal(
      said.length,
      source.match(call)?.length ?? 0,
      `${file}: a log line whose text is not read here`,
    )
    assert.equal(facts.length, source.match(fact)?.length ?? 0, `${file}: a fact whose text is not read here`)
    for (const text of [...said, ...facts, ...textsOf(source, overText)]) texts.add(text)
  }
  return [...texts].toSorted()
}

test('docs/debugging.md has a row for each line that the server can log, and for no other', async () => {
  const markdown = await readFile(page, 'utf8')
  const table = markdown.slice(
    markdown.indexOf('<!-- log lines: begin -->'),
    markdown.indexOf('<!-- log lines: end -->'),
  )
  const rows = [...table.matchAll(/^\| `(?<text>.*?)` +\|/gm)].map(({ groups }) => groups?.text ?? '')

  assert.deepEqual(rows.toSorted(), await textsInSource())
})
