import type { Duplex } from 'node:stream'

/** Problem details on a socket that has no response, and its end. */
export function answerEarly(socket: Duplex, status: number): void {
  if (!socket.writable) return
  const code = 'bad-request'
  const body = JSON.stringify({ type: 'about:blank', title: code, status, code, detail: code })
  const lines = [
    `HTTP/1.1 ${status} ${code}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}
