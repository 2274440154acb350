// A rewrite and nothing else. ../next.ts puts the address of the server in the place of this one when it starts the built program.
// oxlint-disable-next-line import/no-default-export -- Next.js reads its configuration from the default export.
export default {
  output: 'standalone',
  experimental: { proxyTimeout: 30_000 },
  rewrites: async () => [{ source: '/:path*', destination: 'http://server.invalid:3000/:path*' }],
}
