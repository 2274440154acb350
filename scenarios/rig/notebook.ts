import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'

/** What a session of the notebook keeps, and how it tells its client something outside of an answer. */
export type Session = {
  /** Counts one more note, and returns how many there are. */
  count: () => Promise<number> | number
  /** Gives the session's client a log message, on the stream that it holds open. */
  tell: (data: string) => Promise<void>
}

/** The same MCP server on both sides: a tool that notes something in its session, answers with the note's number, and tells the client. */
export function notebook({ count, tell }: Session): McpServer {
  const server = new McpServer({ name: 'notebook', version: '1.0.0' }, { capabilities: { logging: {} } })
  server.registerTool(
    'note',
    { description: 'Notes something, and says the number of the note.' },
    async () => {
      const number = await count()
      await tell(`note ${number}`)
      return { content: [{ type: 'text', text: String(number) }] }
    },
  )
  return server
}
