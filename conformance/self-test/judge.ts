import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Case } from '../kit/case.ts'
import { cases } from '../kit/cases.ts'
import { readOptions, type Options } from '../kit/options.ts'
import { resultText } from '../kit/report.ts'
import { runCases, type Result } from '../kit/run.ts'
import type { Wrong } from './wrong-streams.ts'

/** The options of the command for this server, with waits that a busy machine keeps. */
export function optionsFor(base: URL): Options {
  const read = readOptions(['--url', base.origin, '--origin', 'http://page.example'])
  return { ...read, rules: 'all', atOnceMs: 2500, quietMs: 300, concurrency: 12 }
}

/** Runs the cases, and returns the failures. */
async function failuresOf(base: URL, chosen: readonly Case[]): Promise<Result[]> {
  const results = await runCases(chosen, optionsFor(base), () => undefined)
  return results.filter(({ outcome }) => outcome === 'FAIL')
}

/** Registers a test for each wrong server: the kit must fail on it, for that reason. */
export function judgeAll(title: string, all: readonly Wrong[]): void {
  // Much of a run is waiting, so several share the time.
  suite(title, { concurrency: 6 }, () => {
    for (const { name, Server, fails, causes, andMore } of all) {
      const more = fails.length > 1 ? ` and ${fails.length - 1} more` : ''
      test(`a server that ${name} fails ${fails[0]}${more}`, async () => {
        const chosen = andMore === undefined ? cases : cases.filter(({ id }) => fails.includes(id))
        await using server = new Server()

        const failures = await failuresOf(await server.listen(), chosen)

        const ids = failures.map(({ case: { id } }) => id)
        assert.deepEqual(ids.toSorted(), fails.toSorted(), failures.map(resultText).join('\n'))
        if (causes === undefined) return
        const roots = failures.filter(({ followsFrom }) => followsFrom === undefined)
        assert.deepEqual(
          roots.map(({ case: { id } }) => id),
          causes,
        )
      })
    }
  })
}
