import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { figures, type Figures } from './rows.ts'

const run = promisify(execFile)

/** Runs the generator with its options by name: see generator/main.go. */
export async function runGenerator(options: Record<string, string | number | boolean>): Promise<Figures> {
  const words = Object.entries(options).map(([name, value]) => `-${name}=${value}`)
  const { stdout } = await run('generator', words)
  return figures.parse(JSON.parse(stdout))
}

/** What a contender did not do, in words. Undefined if it did all. */
export function faultText({ lost, doubled, refused, closed }: Figures): string | undefined {
  if (lost + doubled + refused + closed === 0) return undefined
  return `lost ${lost} deliveries, delivered ${doubled} twice, refused ${refused} publishers, closed ${closed} streams`
}

/** A number of the environment, from 1 on. */
export function readNumber(name: string, otherwise: number): number {
  const value = Number(process.env[name] || otherwise)
  if (!(value >= 1)) throw new Error(`${name} must be a number from 1 on (got "${process.env[name]}")`)
  return value
}
