// npm run audit: known vulnerabilities, from "high" on, of the packages that ship. Ends with 1 where there are some. Where the
// registry does not answer, nothing is known: it says so, and ends with 0, for that is no fault of what is built here.
import { spawnSync } from 'node:child_process'

const { stdout, stderr } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' })
const report = read(stdout)
const found = report.metadata?.vulnerabilities
if (found === undefined) {
  say(`audit: NOT DONE: ${report.message ?? report.error?.summary ?? (stderr.trim() || 'npm said nothing')}`)
} else {
  const bad = Object.values(report.vulnerabilities).filter(({ severity }) => /high|critical/.test(severity))
  for (const { name, severity, range } of bad) say(`audit: ${severity}: ${name} ${range}`)
  say(`audit: ${found.total} known vulnerabilities, ${bad.length} of them high or critical`)
  process.exitCode = bad.length > 0 ? 1 : 0
}

function say(line) {
  process.stdout.write(`${line}\n`)
}

function read(text) {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
