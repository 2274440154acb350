import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pagePolicy } from './app.ts'

function connectOf(origins: string[]): string | undefined {
  return /connect-src ([^;]*);/.exec(pagePolicy(origins))?.[1]
}

test('the page may call its own origin and those that are configured, and of localhost also the names below it', () => {
  const origins = [
    'http://localhost:8080',
    'http://127.0.0.1:8080',
    'https://localhost',
    'http://localhost.example',
  ]

  assert.equal(
    connectOf(origins),
    "'self' http://localhost:8080 http://127.0.0.1:8080 https://localhost http://localhost.example " +
      'http://*.localhost:8080 https://*.localhost',
  )
})

test('a page without configured origins calls its own alone', () => {
  assert.equal(connectOf([]), "'self'")
})
