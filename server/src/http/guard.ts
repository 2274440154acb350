import type { IncomingMessage } from 'node:http'
import { isOwnHost, isOwnOrigin } from './callers.ts'
import { sendProblem, type Problem } from './problem.ts'
import type { Response } from './response.ts'

const unknownHost: Problem = {
  status: 421,
  code: 'unknown-host',
  detail: 'This server does not answer to the name in Host. Its names are localhost, and those of HOSTS.',
}
const foreignPage: Problem = {
  status: 403,
  code: 'forbidden',
  detail: 'A page of this origin may not call. Those that may stand in CORS_ORIGINS.',
}

/**
 * Lets through what was made for this server by no page, or by a page of `origins`. Where everybody may do everything, this is
 * all that keeps other pages of the same browser out: one whose name was rebound to this address, and one that opens streams or
 * publishes without reading the answer.
 */
export function onlyOwnCallers<Kind extends Response>(
  listener: (request: IncomingMessage, response: Kind) => void,
  { hosts, origins }: { hosts: readonly string[]; origins: readonly string[] },
): (request: IncomingMessage, response: Kind) => void {
  return (request, response) => {
    if (!isOwnHost(request.headers.host, hosts, request.socket.localAddress))
      sendProblem(response, unknownHost)
    else if (!isOwnOrigin(request.headers, origins)) sendProblem(response, foreignPage)
    else listener(request, response)
  }
}
