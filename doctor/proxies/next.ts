import type { Program, Proxy } from './proxy.ts'

// next/ as `next build` makes it: testkit/Dockerfile puts it there.
const built = process.env.NEXT_PROXY ?? '/opt/next'

/** The application of next/ with this server behind its rewrite. */
function next(port: number, server: number, timeoutMs = 30_000): Program {
  return {
    files: {},
    command: [
      'sh',
      '-c',
      `cp -r ${built}/. . && sed -i 's/server.invalid:3000/127.0.0.1:${server}/; s/"proxyTimeout":30000/"proxyTimeout":${timeoutMs}/' server.js .next/*.json && exec env PORT=${port} HOSTNAME=127.0.0.1 node server.js`,
    ],
  }
}

const habits = { comment: true, headers: { 'Cache-Control': 'no-cache, no-transform' } } as const

export const nextRewrites: Proxy = {
  name: 'Next.js rewrites',
  from: 'npm',
  symptom: 'onopen comes with the first event, and gzip holds all events until 18 kB have come',
  broken: {
    expects: ['held headers', 'held by compression'],
    line: '',
    programs: ({ own, server }) => [next(own, server)],
  },
  mended: {
    expects: [],
    line: "Cache-Control: no-cache, no-transform, and response.write(':ok\\n\\n') at once, in your server",
    server: habits,
    programs: ({ own, server }) => [next(own, server)],
  },
}

export const nextQuiet: Proxy = {
  name: 'Next.js rewrites, a quiet stream',
  from: 'npm',
  symptom: 'a stream in which nothing comes for 30 s is cut',
  limit: 30,
  server: habits,
  broken: {
    expects: ['cut'],
    line: '',
    programs: ({ own, server }) => [next(own, server, 4000)],
  },
  mended: {
    expects: [],
    line: 'experimental: { proxyTimeout: 3_600_000 }',
    programs: ({ own, server }) => [next(own, server, 3_600_000)],
  },
}
