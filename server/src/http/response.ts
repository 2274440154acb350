import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import { BareResponse } from './bare-response.ts'

/**
 * A response of node:http, or of node:http2 in its compatible form; a framework's own is one of them, or has it as `raw`. Or one
 * that has left node:http, see openServer.
 */
export type Response = ServerResponse | Http2ServerResponse | BareResponse

/** Sets the head of an answer. Headers that were set before go along. */
export function writeHead(response: Response, status: number, headers: OutgoingHttpHeaders): void {
  if (response instanceof Http2ServerResponse) {
    // To HTTP/2 `Connection` is no header, and Node warns of it.
    const { Connection, ...others } = headers
    response.writeHead(status, Connection === undefined ? headers : others)
  } else response.writeHead(status, headers)
}

/** Whether its client has left. */
export function isGone(response: Response): boolean {
  return 'stream' in response ? response.stream.destroyed : response.destroyed
}

/** Sends a whole answer. */
export function answerWith(
  response: Response,
  status: number,
  headers: OutgoingHttpHeaders,
  text = '',
): void {
  writeHead(response, status, headers)
  if (response instanceof BareResponse) response.end(text)
  else response.end(text)
}
