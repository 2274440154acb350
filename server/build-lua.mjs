import { cpSync, globSync } from 'node:fs'

// tsc copies nothing: the scripts for Redis go beside the compiled files (src/bus/streams/scripts.ts).
const [target] = process.argv.slice(2)
for (const file of globSync('**/*.lua', { cwd: 'src' })) cpSync(`src/${file}`, `${target}/${file}`)
