// oxlint-disable-next-line import/no-unassigned-import -- Vite's way to a style sheet.
import './diagram.css'

// The fonts of the system: Inter would be two thirds of the site's bytes.
// oxlint-disable-next-line import/no-default-export -- VitePress asks for one.
export { default } from 'vitepress/theme-without-fonts'
