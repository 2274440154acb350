import { readFileSync } from 'node:fs'
import type { DefaultTheme } from 'vitepress'

// Outside of the site, where VitePress would look for it among its own pages.
const lab = '<a href="/" target="_self">The page of the lab</a>'
const page = (text: string, link: string) => ({ text, link })

/** The groups of the site, in the order in which people need them. */
export function sidebar(): DefaultTheme.SidebarItem[] {
  return [
    {
      text: 'Start',
      items: [
        { text: lab },
        page('What is here', '/'),
        page('The tour', '/tour'),
        page('Teach it', '/teaching'),
      ],
    },
    { text: 'Find your symptom', items: [page('All symptoms', '/symptoms')] },
    {
      text: 'Understand',
      items: [
        page('The way of one event', '/architecture'),
        page('What is promised', '/guarantees'),
        { ...page('Every problem', '/scenarios/'), collapsed: true, items: scenarios() },
      ],
    },
    {
      text: 'Use',
      items: [
        page('Take it home', '/take-it-home'),
        page('When to use something else', '/comparison'),
        page('Production', '/production'),
        page('Kubernetes', '/kubernetes'),
        page('Scale', '/scale'),
        page('Access', '/access'),
        page('HTTP API', '/api'),
        page('Settings', '/settings'),
        page('Metrics', '/metrics'),
        page('Load tests', '/load'),
        page('Conformance', '/conformance'),
        page('Doctor', '/doctor'),
        page('Proxies', '/proxies'),
      ],
    },
    {
      text: 'The project',
      items: [
        page('Decisions', '/decisions'),
        page('Performance', '/performance'),
        page('Faults', '/faults'),
        page('Debugging', '/debugging'),
        page('Troubleshooting', '/troubleshooting'),
        page('Without Docker or a registry', '/bare-machine'),
      ],
    },
  ]
}

/** The scenarios in the order of their index, whose table `make record-scenarios` writes. */
function scenarios(): DefaultTheme.SidebarItem[] {
  const index = readFileSync(new URL('../scenarios/README.md', import.meta.url), 'utf8')
  return [...index.matchAll(/^\| \[(?<title>.*?)\]\((?<name>[\w-]+)\.md\)/gm)].map(({ groups }) =>
    page((groups?.title ?? '').replaceAll('`', ''), `/scenarios/${groups?.name ?? ''}`),
  )
}
