/**
 * What a publisher asks for. `data` is the text that travels; line breaks in it arrive as LF. `bytes` is the one length of
 * an event, measured once when it is taken (see `frameBytes`): every bound of the server counts with it.
 */
export type Draft = { topic: string; type?: string; data: string; bytes: number }

/** A draft that the bus took. Its id is opaque outside of the bus that gave it. */
export type Event = Draft & { id: string }

/**
 * Which worker this is. `worker` is `<host>/<server>/<instance>`: two servers may have one host name, so each start of pm2
 * draws the id of its `server`.
 */
export type WorkerName = { worker: string; instance: number; pid: number; host: string; server: string }
