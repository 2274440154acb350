// Plain old JavaScript, so that the oldest Node can still say what is wrong.
var major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  process.stderr.write(
    'SSE Scaling Lab needs Node 24 or later, and this is ' +
      process.version +
      ': https://nodejs.org/en/download (or use make up: it needs only Docker).\n',
  )
  process.exit(1)
}
