import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { stackReady } from '@sse-lab/testkit/stack.ts'
import { act } from './rig/act.ts'
import { chosen } from './chosen.ts'
import { Ground } from './rig/rig.ts'
import { sideNames, type SideName } from './scenario.ts'

const promise: Record<SideName, string> = {
  broken: 'broken, it fails for the stated reason',
  fixed: 'fixed, it does not',
}

const ground = new Ground()
before(async () => {
  await stackReady()
})
after(async () => {
  await ground[Symbol.asyncDispose]()
})

for (const scenario of chosen(process.env.NAME)) {
  describe(scenario.lesson.title, () => {
    for (const side of sideNames) {
      test(promise[side], async t => {
        const { predicted, measured, holds, evidence, ms } = await act(ground, scenario, side, false)
        t.diagnostic(
          `${scenario.lesson.name}, ${side}: predicted ${predicted}; measured ${measured} (${ms} ms)`,
        )
        assert.ok(holds, `predicted ${predicted}; measured ${measured}\n${evidence ?? ''}`)
      })
    }
  })
}
