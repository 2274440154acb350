import { defineConfig } from 'vitepress'
import { moveScriptsToFiles } from './scripts.ts'
import { diagrams } from './diagrams.ts'
import { plainBraces } from './braces.ts'
import { sidebar } from './sidebar.ts'
import { linksForTheSite } from './links.ts'
import { slug } from './slug.ts'

const scripts = moveScriptsToFiles('/docs/')

/** The docs as a site, served by the lab at /docs/ (server/src/http/docs.ts). A link to a page that is not there fails the build. */
// oxlint-disable-next-line import/no-default-export -- VitePress asks for one.
export default defineConfig({
  title: 'SSE Scaling Lab',
  description:
    'Server-Sent Events that work on a laptop and fail in production: what you see, why, and the fix.',
  base: '/docs/',
  outDir: './dist',
  cacheDir: '../node_modules/.cache/vitepress',
  cleanUrls: true,
  // The lab has no address on the web, so there is nobody to ask for an icon.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  rewrites: { 'README.md': 'index.md', 'scenarios/README.md': 'scenarios/index.md' },
  srcExclude: ['test/**'],
  ignoreDeadLinks: [/^http:\/\/localhost/],
  // With the two scripts that `scripts` moves, no page has a script of its own: the site needs no exception in its policy.
  metaChunk: true,
  transformHtml: scripts.transformHtml,
  buildEnd: ({ outDir }) => scripts.write(outDir),
  markdown: {
    anchor: { slugify: slug },
    config: markdown => markdown.use(linksForTheSite).use(plainBraces).use(diagrams),
    theme: { light: 'github-light', dark: 'github-dark' },
  },
  themeConfig: {
    outline: [2, 3],
    search: { provider: 'local' },
    sidebar: sidebar(),
    notFound: { quote: 'Look for what you see among the symptoms, or use the search.', linkText: 'All docs' },
    nav: [
      { text: 'Find your symptom', link: '/symptoms' },
      { text: 'Take it home', link: '/take-it-home' },
    ],
  },
})
