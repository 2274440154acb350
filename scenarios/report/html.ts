import type { Report, Row } from './report.ts'

/** The report as one HTML page that needs nothing else. */
export function htmlPage({ ranAt, cores, pins, length, scenarios }: Report): string {
  const holding = scenarios.filter(({ verdict }) => verdict === 'holds').length
  const versions = Object.entries(pins).map(([name, version]) => `${name} ${version}`)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>SSE Scaling Lab: scenarios</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
  section { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); padding: 1rem 0; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; overflow-wrap: anywhere; }
  code, pre { font-family: ui-monospace, monospace; font-size: 0.9em; overflow-wrap: anywhere; white-space: pre-wrap; }
  .holds { color: light-dark(#146c2e, #7bd88f); }
  .not { color: light-dark(#b3261e, #ff8a80); }
</style>
<h1>SSE Scaling Lab: scenarios</h1>
<p>${holding} of ${scenarios.length} verdicts hold. ${text(ranAt)}, ${cores} cores, ${text(versions.join(', '))}, ${length} length.</p>
${scenarios.map(section).join('\n')}
</html>
`
}

function section(row: Row): string {
  const places = row.code.map(
    ({ file, line, text: code }) => `<li><code>${text(file)}:${line}</code> <code>${text(code)}</code></li>`,
  )
  return `<section id="${text(row.name)}">
<h2>${text(row.title)} <span class="${row.verdict === 'holds' ? 'holds' : 'not'}">${row.verdict}</span></h2>
<p>${text(row.symptom)}</p>
<table>
<tr><th></th><th>predicted</th><th>measured</th></tr>
<tr><th>broken</th><td>${text(row.predicted.broken)}</td><td>${text(row.measured.broken)}</td></tr>
<tr><th>fixed</th><td>${text(row.predicted.fixed)}</td><td>${text(row.measured.fixed)}</td></tr>
</table>
${row.measured.evidence === undefined ? '' : `<pre>${text(row.measured.evidence)}</pre>`}
<p><b>Switch:</b> ${text(row.switch)}</p>
<p><b>Why:</b> ${text(row.because)}</p>
<p><b>Fix:</b> ${text(row.fix)}</p>
<ul>${places.join('')}</ul>
</section>`
}

function text(raw: string): string {
  return raw.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}
