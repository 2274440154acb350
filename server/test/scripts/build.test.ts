import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Copy } from './fakes.ts'

const lines = `#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 3.98kB done
#1 DONE 0.0s
#5 [server workspace 1/6] FROM docker.io/library/node:24
#5 CACHED
#6 [server dependencies 1/1] RUN npm ci
#6 1.204 npm notice
#6 2.204 added 446 packages
#6 DONE 14.2s
#7 [build 2/2] RUN a quick one
#7 DONE 0.4s
#8 [build 3/3] RUN a silent one
#8 DONE 31.0s
#9 [build 4/4] COPY much of it
#9 DONE 2.0s`

test('a build says what it makes and which steps take a while, in a line each', async () => {
  await using copy = await Copy.make({ builder: `cat <<'END'\n${lines}\nEND` })

  const { code, out } = await copy.run(['scripts/build.sh', 'sse-lab/x', 'a minute', 'builder'])

  assert.equal(code, 0)
  assert.deepEqual(out.trim().split('\n'), [
    'building sse-lab/x (a minute)',
    '  [server dependencies 1/1] RUN npm ci',
    '  [build 3/3] RUN a silent one',
    '  [build 4/4] COPY much of it',
  ])
})

test('a build that fails shows what it said, on whichever output, and fails', async () => {
  await using copy = await Copy.make({ builder: `echo '#6 ERROR: exit code 7' >&2; exit 7` })

  const { code, out } = await copy.run(['scripts/build.sh', 'sse-lab/x', 'a minute', 'builder'])

  assert.equal(code, 1)
  assert.match(out, /#6 ERROR: exit code 7\nbuilding sse-lab\/x failed/)
})
