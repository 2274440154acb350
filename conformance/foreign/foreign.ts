import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import { cases } from '../kit/cases.ts'
import { readOptions } from '../kit/options.ts'
import { resultText } from '../kit/report.ts'
import { runCases } from '../kit/run.ts'
import { start } from './start.ts'

/** A server that nobody here wrote, how it is spoken to, and what it deserves. */
type Foreign = {
  name: string
  command: readonly [string, ...string[]]
  args?: readonly string[]
  /** What fails by its own fault, and below each what follows from it. Everything else that is judged must hold. */
  causes: Record<string, readonly string[]>
  /** At least so many cases hold: a run that judges little proves little. */
  passed: number
}

const node = (server: string): readonly [string, string] => [process.execPath, `servers/${server}.js`]
// Lets a HEAD run the handler of GET, which never ends.
const headStaysOpen = { 'methods/head': [] }
const headUnanswered = { 'methods/head': ['methods/head-body', 'methods/head-headers'] }

// A token that may publish anything, of a key that is no secret: HS256 over {"mercure":{"publish":["*"]}}.
const mercureKey = 'a key of 32 characters and more!!'
const mercureToken = tokenOf({ mercure: { publish: ['*'] } }, mercureKey)

const all: Foreign[] = [
  {
    name: 'a naive Express app, that writes data as one field',
    command: node('naive-express'),
    causes: {
      'framing/lf': [
        'framing/cr',
        'framing/crlf',
        'framing/blank-line',
        'framing/mixed-breaks',
        'framing/trailing-break',
        'framing/leading-break',
        'framing/forged-fields',
        'framing/forged-event',
        'framing/many-lines',
        'framing/fields',
        'framing/one-block',
      ],
      ...headStaysOpen,
    },
    passed: 50,
  },
  {
    name: 'Express with compression that nobody flushes',
    command: node('express-compression'),
    causes: { ...headStaysOpen, 'http/whole-encoded': [] },
    passed: 60,
  },
  { name: 'better-sse', command: node('better-sse'), causes: headUnanswered, passed: 60 },
  { name: 'NestJS', command: node('nestjs'), causes: headStaysOpen, passed: 60 },
  {
    name: "MCP's TypeScript SDK, a call that is answered with a stream",
    command: node('mcp'),
    args: [
      '--stream=/mcp',
      '--publish=none',
      '--header=Accept: application/json, text/event-stream',
      '--body={"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"hello","arguments":{}}}',
    ],
    // Its URL is made of the Host.
    causes: { 'http/one-zero-without-host': [] },
    passed: 20,
  },
  {
    name: 'a stream of tokens that answers a POST, as language models give it',
    command: node('llm'),
    args: [
      '--stream=/v1/chat/completions',
      '--publish=none',
      '--header=Authorization: Bearer sk-foreign',
      '--body={"stream":true}',
    ],
    causes: {},
    passed: 20,
  },
  {
    name: 'sse-starlette on uvicorn',
    command: ['.venv/bin/python', 'servers/sse_starlette_app.py'],
    // The event that cannot be encoded ends every stream that should get it.
    causes: { 'framing/lone-surrogate': [], 'http/absolute-form': [], 'http/empty-line': [] },
    passed: 60,
  },
  {
    name: 'nchan',
    command: node('nchan'),
    args: ['--stream=/sub?id={topic}', '--publish=POST /pub?id={topic}', '--publish-body={{data}}'],
    causes: {
      'headers/no-cache': [],
      'headers/accept-any': [],
      'framing/cr': ['framing/mixed-breaks', 'framing/forged-event', 'framing/fields'],
      ...headUnanswered,
    },
    passed: 50,
  },
  {
    name: 'Mercure as a library',
    command: ['bin/mercure', mercureKey],
    args: [
      '--stream=/.well-known/mercure?topic={topic}',
      '--publish=POST /.well-known/mercure',
      '--publish-body=topic={{topic}}&data={{data}}&type={{type}}',
      `--header=Authorization: Bearer ${mercureToken}`,
    ],
    // Go's net/http answers the empty line, and its router the 405 without Allow.
    causes: { ...headStaysOpen, 'methods/put': ['methods/patch', 'methods/delete'], 'http/empty-line': [] },
    passed: 55,
  },
]

function tokenOf(claims: object, key: string): string {
  const [head, body] = [{ alg: 'HS256', typ: 'JWT' }, claims].map(it =>
    Buffer.from(JSON.stringify(it)).toString('base64url'),
  )
  const signature = createHmac('sha256', key).update(`${head}.${body}`).digest('base64url')
  return `${head}.${body}.${signature}`
}

suite('servers of other people fail for what they deserve, and for nothing else', { concurrency: 3 }, () => {
  for (const { name, command, args = [], causes, passed } of all) {
    test(name, { timeout: 120_000 }, async () => {
      using server = await start(command)
      const options = readOptions(['--url', server.base.origin, ...args])

      const results = await runCases(cases, options, () => undefined)

      const failures = results.filter(({ outcome }) => outcome === 'FAIL')
      const seen: Record<string, string[]> = {}
      for (const { case: it, followsFrom } of failures) {
        if (followsFrom === undefined) seen[it.id] = []
        else seen[followsFrom]?.push(it.id)
      }
      assert.deepEqual(seen, causes, failures.map(resultText).join('\n'))
      const held = results.filter(({ outcome }) => outcome === 'ok').length
      assert.ok(held >= passed, `${held} of ${passed}`)
    })
  }
})
