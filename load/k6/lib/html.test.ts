import assert from 'node:assert/strict'
import { test } from 'node:test'
import { htmlReport } from './html.ts'
import { broken, rowWith } from './test-rows.ts'

const figures = { latencyP50Ms: 1, latencyP95Ms: 2, latencyP99Ms: 4 }
const lossy = {
  due: 400_000,
  published: 400,
  delivered: 100_000,
  lost: 300_000,
  lostPredicted: 300_000,
  cuts: 3,
  cutAfterMinMs: 59_700,
  cutAfterMaxMs: 60_000,
  workers: [{ worker: 'w/<b>/1', streams: 1000, published: 100, lost: 300_000, cuts: 3, ...figures }],
  examples: [{ stream: 7, publisher: 'p2', sequence: 31, worker: 'one', holder: 'other' }],
}

function made(wrong: string[] = []): string {
  return htmlReport({ name: 'load-test', at: 'now', rows: [rowWith({}), rowWith(lossy, broken)], wrong })
}

/** The words and figures of the page, without its markup. */
function shown(html: string): string {
  return html.replace(/<style>.*?<\/style>|<[^>]+>/gs, ' ').replace(/\s+/g, ' ')
}

test('the page shows what was delivered, lost and cut on each side, and at which worker', () => {
  const text = shown(made())

  assert.match(text, /fanout, broken 100,000 of 400,000 300,000 300,000 0 \/ 0/)
  assert.match(text, /fanout, fixed 50 of 50 0 0/)
  assert.match(text, /fanout, broken 10 of 10 3 59.7 to 60.0/)
  assert.match(text, /w\/&#60;b&#62;\/1 1,000 100 300,000 3 1.0 4.0/)
  assert.match(text, /31 of p2 one 7 other/)
  assert.match(text, /Verdict all as it must be/)
})

test('a bar is as long as its share', () => {
  assert.match(
    made(),
    /class="good" x="0.00" width="25.00" height="1"\/><rect class="bad" x="25.00" width="75.00"/,
  )
})

test('each sentence of what is wrong is there, as text', () => {
  const html = made(['fanout, fixed: <script>'])

  assert.match(shown(html), /Verdict 1 wrong .* fanout, fixed: &#60;script&#62;/)
  assert.doesNotMatch(html, /<script/)
})

test('the page asks nobody for anything, and each entry of its contents leads somewhere', () => {
  const html = made()

  assert.doesNotMatch(html, /(src|href)="(?!#)|url\(|@import/)
  const anchors = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
  assert.ok(anchors.length > 5)
  for (const id of anchors) assert.ok(html.includes(`id="${id}"`), id)
  assert.ok(html.includes('light dark'))
})

test('a run without a delivery has a page, too', () => {
  const nothing = rowWith({ due: 0, delivered: 0, latencyP50Ms: 0, latencyP95Ms: 0, latencyP99Ms: 0 })
  const html = htmlReport({ name: 'fanout', at: 'now', rows: [nothing], wrong: ['x'], text: '<grid>' })

  assert.doesNotMatch(html, /NaN|Infinity/)
  assert.match(html, /<pre>&#60;grid&#62;<\/pre>/)
})
