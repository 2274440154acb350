import type { MarkdownRenderer } from 'vitepress'

/** Shows {{ and }} as they are. VitePress makes a Vue component of each page, and Vue would take them for an expression. */
export function plainBraces(markdown: MarkdownRenderer): void {
  const { text, code_inline } = markdown.renderer.rules
  markdown.renderer.rules.text = (...args) => escape(text?.(...args) ?? '')
  markdown.renderer.rules.code_inline = (...args) => escape(code_inline?.(...args) ?? '')
}

function escape(html: string): string {
  return html.replaceAll('{{', '&#123;&#123;').replaceAll('}}', '&#125;&#125;')
}
