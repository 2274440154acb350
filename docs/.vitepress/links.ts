import type { MarkdownRenderer } from 'vitepress'

/** The file that a link points to, or nothing for an anchor or another site. */
const local = /^(?!\w+:|#|\/)(?<path>[^#?]+)/

/**
 * What is a link in the repository and cannot be one on the site: a file outside of docs/ keeps its text, which names it. And a
 * README.md is the index of its folder.
 */
export function linksForTheSite(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('links-for-the-site', state => {
    const env: { relativePath?: string } = state.env
    const depth = (env.relativePath ?? '').split('/').length - 1
    for (const { children } of state.tokens) {
      let outside = false
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          const href = token.attrGet('href') ?? ''
          const path = local.exec(href)?.groups?.path ?? ''
          outside = (path.match(/\.\.\//g)?.length ?? 0) > depth
          if (!outside) token.attrSet('href', href.replace(/README\.md(?=$|#)/, 'index.md'))
        }
        if (outside && (token.type === 'link_open' || token.type === 'link_close')) {
          if (token.type === 'link_close') outside = false
          token.type = 'text'
          token.tag = ''
          token.content = ''
          token.nesting = 0
        }
      }
    }
  })
}
