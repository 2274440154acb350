import { defineConfig } from 'vite'

// oxlint-disable-next-line import/no-default-export -- Vite reads its configuration from the default export.
export default defineConfig({
  build: {
    // The server sends `default-src 'self'`. An inlined script, style or data: URL would be refused by the browser.
    modulePreload: false,
    assetsInlineLimit: 0,
    target: 'es2022',
  },
})
