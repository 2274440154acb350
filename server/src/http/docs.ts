import express, { Router } from 'express'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

// No page has a script of its own: docs/.vitepress/scripts.ts sees to it. The colours of code are in style attributes, the icons
// of the style sheet are data, and the one style that has a hash keeps colours from fading when dark mode is switched.
const policy = [
  "default-src 'self'",
  "style-src 'self' 'sha256-skqujXORqzxt1aE0NNXxujEanPTX6raoqSscTV/Ww/Y='",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/**
 * The docs at /docs/, as VitePress has built them into `folder`. Addresses have no .html: /docs/scenarios/fan-out. What is not
 * there is answered with the site's own 404. Without a built site it passes everything on.
 */
export function docsSite(folder: string): Router {
  const site = Router({ strict: true, caseSensitive: true })
  const missing = join(folder, '404.html')
  if (!existsSync(missing)) return site
  // Without the slash the links of an index would lead one folder up.
  site.get(['/docs', '/docs/scenarios'], (request, response) => response.redirect(301, `${request.path}/`))
  site.use(
    '/docs',
    express.static(folder, {
      extensions: ['html'],
      redirect: false,
      setHeaders: (response, path) => {
        // The name of a file in assets/ changes with its content. All else is asked for again, and mostly answered 304.
        const kept = path.startsWith(join(folder, 'assets'))
        response.setHeader('Cache-Control', kept ? 'public, max-age=31536000, immutable' : 'no-cache')
        response.setHeader('Content-Security-Policy', policy)
      },
    }),
  )
  site.get('/docs/*path', (_request, response) => {
    const headers = { 'Content-Security-Policy': policy, 'Cache-Control': 'no-cache' }
    response.status(404).sendFile(missing, { headers, cacheControl: false })
  })
  return site
}
