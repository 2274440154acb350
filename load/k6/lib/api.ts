import type { LedgerOptions } from 'k6/x/eventsource'
import { readGiven, type Given } from './given.ts'
import type { Side } from './sides.ts'
import { jsonBody, readTemplate } from './template.ts'

/** How the server of a side is spoken to, and where things stand in its events. */
export type Api = Given & { places: LedgerOptions }

/** That of the lab, or what the environment says of another server. */
export function apiOf(side: Side): Api {
  const given = side.name === 'given' ? readGiven(__ENV) : undefined
  if (given === undefined) return { ...labApi(side.url), places: { ...placesIn(''), holder: 'worker' } }
  // Another server says no hello: a stream of it is ready when it is open, and nobody knows its worker.
  return { ...given, places: placesIn(given.within) }
}

function labApi(url: string): Given {
  return {
    streamUrl: `${url}/events?topic={topic}`,
    publish: {
      url: `${url}/events`,
      body: readTemplate(jsonBody, undefined, 'the body'),
      ok: status => status === 202,
    },
    headers: {},
    within: '',
  }
}

/** Where publish() puts things in `data`. */
function placesIn(within: string): LedgerOptions {
  return {
    publisher: `${within}publisher`,
    sequence: `${within}sequence`,
    sentAtMs: `${within}sentAtMs`,
  }
}
