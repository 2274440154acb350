import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases } from '../kit/cases.ts'
import { resultText } from '../kit/report.ts'
import { runCases } from '../kit/run.ts'
import { judgeAll, optionsFor } from './judge.ts'
import { Model } from './model.ts'
import { wrongConnections } from './wrong-connections.ts'

judgeAll('servers that are wrong about connections', wrongConnections)

test('a list of workers of which each line is up to a second old is no fault', async () => {
  // One worker still counts streams that have left, another does not yet count all that have opened. And somebody else has one.
  const whileOpen = [11]
  let afterwards = 0
  class Late extends Model {
    override connections() {
      if (super.connections() < 10) return afterwards
      afterwards = 1
      return whileOpen.shift() ?? 8
    }
  }
  await using server = new Late()
  const options = optionsFor(await server.listen())

  const results = await runCases(
    cases.filter(({ id }) => id === 'http/body-on-get-left'),
    options,
    () => undefined,
  )

  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    ['ok'],
    results.map(resultText).join('\n'),
  )
})
