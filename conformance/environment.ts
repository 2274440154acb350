/** What scripts/conformance.sh hands over, and the option that each is. */
const names = [
  'URL',
  'STREAM',
  'METHOD',
  'BODY',
  'HEADER',
  'COOKIE',
  'CA',
  'PUBLISH',
  'PUBLISH_BODY',
  'PUBLISH_TYPE',
  'DATA',
  'DATA_PATH',
  'ORIGIN',
  'RULES',
  'ONLY',
]
const switches = ['SERIAL', 'STRICT']

/** The arguments that this environment means. An empty variable counts as absent, and a switch of 0 as off. */
export function argumentsOf(env: Record<string, string | undefined>): string[] {
  const given = names.flatMap(name => {
    const value = env[name]
    return value === undefined || value === '' ? [] : [`${option(name)}=${value}`]
  })
  const on = switches.filter(name => !['', '0', undefined].includes(env[name]))
  return [...given, ...on.map(option)]
}

function option(name: string): string {
  return `--${name.toLowerCase().replaceAll('_', '-')}`
}
