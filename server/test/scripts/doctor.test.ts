import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Copy } from './fakes.ts'

/** What the container would be started with, a word a line. */
const docker = `printf '%s\\n' "$@"`

test('each variable is an option, whatever is in it', async () => {
  await using copy = await Copy.make({ docker })

  const { out } = await copy.run(['scripts/doctor.sh'], {
    URL: 'http://a/events?x=1&y=2',
    HEADER: "Authorization: Bearer $x 'y'",
    HEADER2: 'Cookie: a=b; c=d',
    PUBLISH: 'POST /events {"data":"{data}"}',
    QUICK: '1',
  })

  const words = out.trim().split('\n')
  const option = (name: string) => words.filter((_, place) => words[place - 1] === name)
  assert.deepEqual(option('--url'), ['http://a/events?x=1&y=2'])
  assert.deepEqual(option('--header'), ["Authorization: Bearer $x 'y'", 'Cookie: a=b; c=d'])
  assert.deepEqual(option('--publish'), ['POST /events {"data":"{data}"}'])
  assert.ok(words.includes('--quick'))
  assert.ok(!words.includes('--direct'))
})

test('the exit code is the doctor’s', async () => {
  await using copy = await Copy.make({ docker: 'exit 1' })

  assert.equal((await copy.run(['scripts/doctor.sh'], { URL: 'http://a/events' })).code, 1)
})

test('a CA that is not there is a wrong argument', async () => {
  await using copy = await Copy.make({ docker })

  const { code, error } = await copy.run(['scripts/doctor.sh'], { URL: 'http://a/e', CA: 'none.pem' })

  assert.equal(code, 2)
  assert.match(error, /CA=none\.pem: there is no such file/)
})

test('STRIKE runs here when the container asks for it, and its exit code goes back', async () => {
  // A container that asks at once, and waits as the doctor does.
  const asks = `
    for word; do case "$word" in *:/strike) folder="\${word%:/strike}" ;; esac; done
    touch "$folder/begin"
    while [ ! -e "$folder/done" ]; do sleep 0.05; done
    echo "done $(cat "$folder/done")"`
  await using copy = await Copy.make({ docker: asks })

  const { out, error } = await copy.run(['scripts/doctor.sh'], {
    URL: 'http://a/e',
    STRIKE: 'echo struck; exit 3',
  })

  assert.match(out, /done 3/)
  assert.match(error, /struck/)
})
