// Plain old JavaScript, so that the oldest Node can still say what is wrong.
var version = process.versions.node.split('.')
var major = Number(version[0])
if (major < 24 || (major === 24 && Number(version[1]) < 9)) {
  process.stderr.write(
    'SSE Scaling Lab needs Node 24.9 or later, and this is ' +
      process.version +
      ': https://nodejs.org/en/download (or use make up: it needs only Docker).\n',
  )
  process.exit(1)
}
