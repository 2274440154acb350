import { before } from 'node:test'
import { testApi } from './support/api-calls.ts'
import { testCorners } from './support/api-corners.ts'
import { fixed, stackReady } from '@sse-lab/testkit/stack.ts'

// The same table that app.test.ts runs inside one process: what nginx and several workers add must not change it.
before(async () => {
  await stackReady()
})

testApi(() => fixed)
testCorners(() => fixed)
