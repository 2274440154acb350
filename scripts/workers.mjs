// Prints the workers as a table. scripts/status.sh sends it into a server's container, where there is a Node but nothing of the
// lab's own that it could import: so it has a table of its own, apart from load/k6/lib/grid.ts.
const port = process.env.PORT || '3000'
const response = await fetch(`http://127.0.0.1:${port}/api/workers`, { signal: AbortSignal.timeout(5000) })
const { workers, partial } = await response.json()

const columns = [
  ['worker', it => it.worker],
  ['pid', it => it.pid],
  ['bus', it => it.bus],
  ['ready', it => (it.ready ? 'yes' : 'NO')],
  ['streams', it => it.connections],
  ['delivered', it => it.delivered],
  ['lag ms', it => it.busLagMs],
  ['loop delay ms', it => it.eventLoopDelayMs],
  ['rss MB', it => Math.round(it.rssBytes / 2 ** 20)],
]
// The fixed side first.
const order = it => `${it.bus === 'memory' ? 1 : 0} ${it.worker}`
const rows = [
  columns.map(([title]) => title),
  ...workers
    .toSorted((a, b) => order(a).localeCompare(order(b), 'en', { numeric: true }))
    .map(worker => columns.map(([, read]) => String(read(worker) ?? '-'))),
]
const widths = columns.map((_, index) => Math.max(...rows.map(row => row[index].length)))
const isText = new Set(['worker', 'bus', 'ready'])
for (const row of rows) {
  const cells = row.map((cell, index) =>
    isText.has(columns[index][0]) ? cell.padEnd(widths[index]) : cell.padStart(widths[index]),
  )
  process.stdout.write(`${cells.join('  ').trimEnd()}\n`)
}
if (partial) process.stdout.write('Redis does not answer, so this worker knows of no other.\n')
