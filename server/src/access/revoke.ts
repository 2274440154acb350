// `make revoke SUB=…`, run in a container of the server: tells the admin port of this container, and by Redis all others.

const [sub] = process.argv.slice(2)
const port = process.env.ADMIN_PORT || process.env.PORT || '3000'

if (!sub) {
  process.stderr.write('revoke: whose tokens? SUB=alice make revoke\n')
  process.exit(2)
}
const response = await fetch(`http://127.0.0.1:${port}/api/revocations`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ sub }),
})
const answer = await response.text()
process.stdout.write(response.ok ? `revoked: ${sub}\n` : `revoke: ${answer}\n`)
process.exitCode = response.ok ? 0 : 1
