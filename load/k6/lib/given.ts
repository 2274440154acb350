import { readTemplate, jsonBody, withTopic, type Template } from './template.ts'

type Env = Record<string, string | undefined>

/** A server of somebody else's: how it is spoken to. */
export type Given = {
  /** Where a stream is, with `{topic}` in it where there are topics. */
  streamUrl: string
  /** How to publish; undefined where nobody can. */
  publish: { url: string; body: Template; ok: (status: number) => boolean } | undefined
  /** Of every request. */
  headers: Record<string, string>
  /** Where in an event's data the note stands that was published, like `event.data.`; empty: it is the data. */
  within: string
}

const onlyWithUrl = ['PUBLISH_URL', 'PUBLISH_BODY', 'PUBLISH_TYPE', 'PUBLISH_OK', 'HEADER', 'DATA_PATH']

/**
 * The server that the environment names with URL (one that speaks the lab's API) or with STREAM_URL and PUBLISH_URL; undefined
 * without. Throws an error that says what to give.
 */
export function readGiven(env: Env): Given | undefined {
  const { URL: url, STREAM_URL: stream, SIDES: sides } = env
  if (!url && !stream) {
    const alone = onlyWithUrl.find(name => env[name])
    if (alone !== undefined)
      throw new Error(`${alone} says how to speak to a server: name it with STREAM_URL, too`)
    return undefined
  }
  if (url && stream)
    throw new Error('URL and STREAM_URL are both there: STREAM_URL is enough, with PUBLISH_URL')
  if (stream && sides)
    throw new Error('SIDES are those of the lab, and STREAM_URL is another server: give one')
  if (url) return given(env, `${baseOf(url)}/events?topic={topic}`, `${baseOf(url)}/events`)
  return given(env, address('STREAM_URL', stream ?? ''), env.PUBLISH_URL || undefined)
}

function baseOf(url: string): string {
  if (!/^https?:\/\/[^/]+$/.test(url)) {
    throw new Error(
      `URL must be like http://localhost:3000, without a path (got "${url}"); a stream with a path of its own is a STREAM_URL`,
    )
  }
  return url
}

function address(name: string, url: string): string {
  if (!/^https?:\/\/[^/]+/.test(url))
    throw new Error(`${name} must be like http://localhost:3000/events?topic={topic} (got "${url}")`)
  return url
}

function given(env: Env, streamUrl: string, publishUrl: string | undefined): Given {
  const path = env.DATA_PATH ?? ''
  if (!/^(?:[^.\s]+(?:\.[^.\s]+)*)?$/.test(path))
    throw new Error(`DATA_PATH must be a path like event.data (got "${path}")`)
  return {
    streamUrl,
    publish: publishUrl === undefined ? undefined : readPublish(env, publishUrl),
    headers: headersIn(env.HEADER ?? ''),
    within: path === '' ? '' : `${path}.`,
  }
}

function readPublish(env: Env, url: string): NonNullable<Given['publish']> {
  return {
    url: address('PUBLISH_URL', url),
    body: readTemplate(env.PUBLISH_BODY || jsonBody, env.PUBLISH_TYPE, 'PUBLISH_BODY'),
    ok: readOk(env.PUBLISH_OK || '2xx'),
  }
}

/** Statuses as people write them: `2xx`, or `200,202`. */
function readOk(text: string): (status: number) => boolean {
  const all = text.split(',').map(it => /^([1-5])(\d\d|xx)$/.exec(it.trim()))
  if (all.includes(null)) throw new Error(`PUBLISH_OK must be like 2xx or 200,202 (got "${text}")`)
  return status =>
    all.some(it =>
      it?.[2] === 'xx' ? Math.floor(status / 100) === Number(it[1]) : status === Number(it?.[0]),
    )
}

/** Headers, one a line. */
function headersIn(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).filter(line => line.trim() !== '')
  return Object.fromEntries(
    lines.map(line => {
      const [, name, value = ''] = /^\s*([^\s:]+):\s*(.*?)\s*$/.exec(line) ?? []
      // What is wrong may hold a password.
      if (name === undefined) throw new Error('HEADER must be like "Name: value", one on each line')
      return [name, value]
    }),
  )
}

/** The address of the stream of this topic. */
export function streamOf({ streamUrl }: Given, topic: string): string {
  return withTopic(streamUrl, topic)
}
