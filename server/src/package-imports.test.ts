import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

/** What the package `@sse-lab/server` reaches from its entry, and what the lab's application takes from it. */
const sources = import.meta.dirname
const importOf = /^(?:import|export)\b[^'"]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm

async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(join(sources, file), 'utf8')
  return [...text.matchAll(importOf)].map(([, ...found]) => found.join(''))
}

/** Every file that `entry` leads to, and every package that one of them names. */
async function reach(entry: string): Promise<{ files: Set<string>; packages: Set<string> }> {
  const files = new Set([entry])
  const packages = new Set<string>()
  for (const file of files) {
    for (const name of await importsOf(file)) {
      if (name.startsWith('.')) files.add(relative(sources, join(sources, dirname(file), name)))
      else if (!name.startsWith('node:')) packages.add(name)
    }
  }
  return { files, packages }
}

const { dependencies, devDependencies } = JSON.parse(await readFile(join(sources, '../package.json'), 'utf8'))

test('nothing that the package reaches imports Express, pm2, or what is the lab’s own', async () => {
  const { files, packages } = await reach('sse.ts')

  assert.ok(files.size > 30, `${files.size} files were found`)
  assert.deepEqual([...packages].toSorted(), Object.keys(dependencies).toSorted())
  for (const name of ['express', 'pm2', 'cors', 'pino']) assert.ok(name in devDependencies, name)
  const own = [...files].filter(file => /^(lab|cluster)\/|^(main|worker|config)\.ts$/.test(file))
  assert.deepEqual(own, [])
})

test('the lab’s server opens streams and publishes by the package alone', async () => {
  const { files: packed } = await reach('sse.ts')
  const all = (await readdir(sources, { recursive: true })).filter(it => /(?<!\.test)\.ts$/.test(it))
  const application = all.filter(file => !packed.has(file))

  assert.ok(application.includes('worker.ts') && application.includes('http/app.ts'))
  const taken = new Set<string>()
  for (const file of application) {
    for (const name of await importsOf(file)) {
      const path = relative(sources, join(sources, dirname(file), name))
      if (packed.has(path)) taken.add(path)
    }
  }
  const inner = [...taken].filter(file =>
    /^(hub|bus)\/|^redis(-version)?\.ts|^http\/(stream|calls|connection|publisher|receive|drain)/.test(file),
  )
  assert.deepEqual(inner, [])
})

test('what the image installs for the application has the versions that it was tried with', async () => {
  const image = JSON.parse(await readFile(join(sources, '../application/package.json'), 'utf8')).dependencies

  for (const [name, version] of Object.entries(image))
    if (name !== '@sse-lab/server') assert.equal(version, devDependencies[name], name)
  const imported = new Set<string>()
  for (const file of (await readdir(sources, { recursive: true })).filter(it => /(?<!\.test)\.ts$/.test(it)))
    for (const name of await importsOf(file)) imported.add(name)
  for (const name of imported)
    if (!name.startsWith('.') && !name.startsWith('node:'))
      assert.ok(name in { ...image, ...dependencies }, name)
})

test('no file name stands twice, but main, index and README', async () => {
  const names = (await readdir(sources, { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(({ name }) => name)
    .filter(name => !/^(main|index)\.ts$|^README/.test(name))

  const twice = names.filter((name, index) => names.indexOf(name) !== index)
  assert.deepEqual(twice, [])
})
