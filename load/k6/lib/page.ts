/**
 * The frame of the lab's reports: one HTML page that needs nothing else, in the reader's light or dark, with a table of contents whose
 * entries are anchors. k6 has no DOM and no library for it, so this is text; whatever is not markup goes through `escape`.
 */
type Mark = { text: string; good: boolean }
export type Section = { id: string; title: string; mark?: Mark; html: string }

/** A whole page. `lead` is text; the `html` of the sections is taken as it is. */
export function page(parts: { title: string; lead: string; sections: readonly Section[] }): string {
  const { title, lead, sections } = parts
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}</title>
<style>${style}</style>
<h1 id="top">${escape(title)}</h1>
<p>${escape(lead)}</p>
<nav aria-label="Contents"><ul>
${sections.map(({ id, title: name, mark }) => `<li><a href="#${escape(id)}">${prose(name)}</a>${marked(mark)}</li>`).join('\n')}
</ul></nav>
<main>
${sections.map(section).join('\n')}
</main>
</html>
`
}

function section({ id, title, mark, html }: Section): string {
  return `<section id="${escape(id)}">
<h2><a href="#${escape(id)}">${prose(title)}</a>${marked(mark)}</h2>
${html}
<p class="up"><a href="#top">Contents</a></p>
</section>`
}

function marked(mark: Mark | undefined): string {
  return mark === undefined ? '' : ` <span class="${mark.good ? 'good' : 'bad'}">${escape(mark.text)}</span>`
}

/** A cell of a table: text, or markup that somebody has made of text. */
export type Cell = string | { html: string }

/** A table whose first row is its head and whose first column names the rows. `widths` are shares of 100, one for each column. */
export function tableOf(
  caption: string,
  widths: readonly number[],
  rows: readonly (readonly Cell[])[],
): string {
  const columns = widths.map(width => `<col style="width:${width}%">`).join('')
  // Below this a figure breaks in its middle: then the table scrolls by itself, and the page does not.
  const least = widths.length > 3 ? Math.min(9 * widths.length, 68) : 0
  const [head = [], ...body] = rows
  const cells = (row: readonly Cell[]) =>
    row
      .map((cell, at) => (at === 0 ? `<th scope="row">${show(cell)}</th>` : `<td>${show(cell)}</td>`))
      .join('')
  return `<div class="wide"><table style="min-width:${least}rem">
<caption>${escape(caption)}</caption>
<colgroup>${columns}</colgroup>
<thead><tr>${head.map(cell => `<th scope="col">${show(cell)}</th>`).join('')}</tr></thead>
<tbody>${body.map(row => `<tr>${cells(row)}</tr>`).join('\n')}</tbody>
</table></div>`
}

function show(cell: Cell): string {
  return typeof cell === 'string' ? escape(cell) : cell.html
}

/** What a stretch of a bar means: as it should be, a loss, or shades of one figure from its middle to its tail. */
export type Shade = 'good' | 'bad' | 'dark' | 'middle' | 'pale'

/** A bar of stretches one behind the other; each is a share of the whole, from 0 to 1. The figures stand beside it as text. */
export function bar(stretches: readonly { share: number; shade: Shade }[]): { html: string } {
  let from = 0
  const rects = stretches.map(({ share, shade }) => {
    const width = 100 * Math.min(Math.max(share, 0), 1)
    from += width
    return `<rect class="${shade}" x="${(from - width).toFixed(2)}" width="${width.toFixed(2)}" height="1"/>`
  })
  return {
    html: `<svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">${rects.join('')}</svg>`,
  }
}

/** Text as markup that shows it. */
export function escape(raw: string): string {
  return raw.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}

/** A sentence as markup; what stands between backticks becomes code. */
export function prose(text: string): string {
  return escape(text).replace(/`([^`]+)`/g, '<code>$1</code>')
}

const style = `
  :root { --good: light-dark(#146c2e, #7bd88f); --bad: light-dark(#b3261e, #ff8a80); --line: light-dark(#d5d9de, #3a4048);
    --dark: light-dark(#1b4f91, #9cc4ff); --middle: light-dark(#5b8fd0, #5b8fd0); --pale: light-dark(#bcd3f0, #2f4d73); }
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem;
    color: light-dark(#16191d, #e6e9ed); background: light-dark(#fff, #14171b); }
  a { color: inherit; text-underline-offset: 0.2em; }
  h2 a { text-decoration: none; }
  h2 a:hover, h2 a:focus { text-decoration: underline; }
  nav ul { columns: 20rem; column-gap: 2.5rem; padding-left: 1.2rem; }
  nav li { break-inside: avoid; }
  section { border-top: 1px solid var(--line); padding: 0.5rem 0 1rem; }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; table-layout: fixed; width: 100%; margin: 1rem 0; }
  caption { text-align: left; font-weight: 600; padding-bottom: 0.25rem; }
  th, td { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; overflow-wrap: anywhere;
    font-variant-numeric: tabular-nums; }
  thead th { border-bottom: 1px solid var(--line); font-weight: 600; }
  tbody th { font-weight: 400; }
  svg { display: block; width: 100%; height: 1rem; margin-top: 0.25rem; background: var(--line); }
  rect.good { fill: var(--good); } rect.bad { fill: var(--bad); }
  rect.dark { fill: var(--dark); } rect.middle { fill: var(--middle); } rect.pale { fill: var(--pale); }
  code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; overflow-wrap: anywhere; white-space: pre-wrap; }
  .good { color: var(--good); } .bad { color: var(--bad); }
  .up { font-size: 0.85em; text-align: right; margin: 0; }
`
