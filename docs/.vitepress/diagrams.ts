import { renderMermaidSVG } from 'beautiful-mermaid'
import type { MarkdownRenderer } from 'vitepress'

const light = { bg: '#ffffff', fg: '#3c3c43' }
const dark = { bg: '#1b1b1f', fg: '#dfdfd6' }

/**
 * Draws ```mermaid blocks when the site is built, so that no page brings a drawing library along. The pictures are data: the style
 * inside of an SVG is then its own matter, and not that of the page's policy.
 */
export function diagrams(markdown: MarkdownRenderer): void {
  const fence = markdown.renderer.rules.fence
  markdown.renderer.rules.fence = (tokens, index, ...rest) => {
    const token = tokens[index]
    if (token?.info.trim() !== 'mermaid') return fence?.(tokens, index, ...rest) ?? ''
    return `<div class="diagram" tabindex="0">${picture(token.content, 'light')}${picture(token.content, 'dark')}</div>`
  }
}

function picture(source: string, scheme: 'light' | 'dark'): string {
  const svg = renderMermaidSVG(source, scheme === 'light' ? light : dark).replaceAll(
    /@import url\([^)]*\);/g,
    '',
  )
  const data = Buffer.from(svg).toString('base64')
  return `<img class="${scheme}" alt="Diagram; the text says the same" src="data:image/svg+xml;base64,${data}">`
}
