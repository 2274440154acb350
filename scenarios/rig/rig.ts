import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import type { StartedTestContainer } from 'testcontainers'
import { openBrowser } from '@sse-lab/testkit/browser.ts'
import { call } from '@sse-lab/testkit/publish.ts'
import { makeCertificate } from '@sse-lab/testkit/certificate.ts'
import { TokenIssuer } from '@sse-lab/server/test/support/issuer.ts'
import {
  docker,
  makeNetwork,
  startNginx,
  startProxy,
  startRedis,
  startServer,
  testAlias,
} from '@sse-lab/testkit/stack.ts'
import { closeStreams, TestStream } from '@sse-lab/testkit/stream.ts'
import { Toxiproxy, type Link } from '@sse-lab/testkit/toxiproxy.ts'
import { until } from '@sse-lab/testkit/wait.ts'
import { nextPort, startProcess, type ServerProcess } from './server-process.ts'

const redisAlias = 'scenario-redis'

/** What all scenarios of a run share: a Redis of their own, a Toxiproxy and a Chromium, started when first asked for. */
export class Ground implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack()
  #redis: Promise<StartedTestContainer> | undefined
  #toxiproxy: Promise<Toxiproxy> | undefined
  #browser: Promise<Browser> | undefined

  async redis(): Promise<StartedTestContainer> {
    return await (this.#redis ??= startRedis(redisAlias).then(started => this.#stack.use(started)))
  }

  async toxiproxy(): Promise<Toxiproxy> {
    return await (this.#toxiproxy ??= Toxiproxy.start().then(started => this.#stack.use(started)))
  }

  async browser(): Promise<Browser> {
    return await (this.#browser ??= openBrowser().then(started => {
      this.#stack.defer(() => started.close())
      return started
    }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

/** What one side of one scenario may start. All of it is gone when the rig is. */
export class Rig implements AsyncDisposable {
  readonly #ground: Ground
  readonly #full: boolean
  readonly #stack = new AsyncDisposableStack()

  /** `full`: the times of production; otherwise shrunk ones, so that a side takes seconds. */
  constructor(ground: Ground, full: boolean) {
    this.#ground = ground
    this.#full = full
    this.#stack.defer(closeStreams)
  }

  /** The time of production at full length, the shrunk one in `make test`. */
  ms(shrunk: number, full: number): number {
    return this.#full ? full : shrunk
  }

  /** How many of something: fewer in `make test`. */
  count(shrunk: number, full: number): number {
    return this.#full ? full : shrunk
  }

  /** Closes something of the scenario's own at the end. */
  use<Thing extends AsyncDisposable>(thing: Thing): Thing {
    return this.#stack.use(thing)
  }

  /** Does something at the end. */
  defer(act: () => Promise<void> | void): void {
    this.#stack.defer(act)
  }

  /**
   * The lab's own server in one process, without pm2, as `server/src/main.ts` is; resolves when it answers. What differs
   * from one side to the other goes into `env`.
   */
  async server(env: Record<string, string> = {}): Promise<ServerProcess> {
    return await this.process('server/src/main.ts', env)
  }

  /** A server of one process from another file, as people first write it: see naive/. It listens on PORT. */
  async process(file: string, env: Record<string, string> = {}): Promise<ServerProcess> {
    return this.#stack.use(await startProcess(file, env))
  }

  /**
   * The lab's server under pm2-runtime in a container, as compose.yaml starts it. `answers()` resolves when so many of its
   * workers do.
   */
  async container(
    env: Record<string, string>,
    more: { files?: Record<string, string>; cpus?: number } = {},
  ): Promise<{ id: string; address: string; url: string; answers(workers?: number): Promise<void> }> {
    const alias = `scenario-${randomUUID()}`
    const started = await startServer(alias, env, more)
    this.#stack.defer(async () => void (await docker('rm', '--force', started.getId())))
    const url = `http://${alias}:3000`
    const answers = async (workers = 1) => {
      const answered = new Set<number>()
      await until(`${workers} workers to answer`, 15_000, async () => {
        await using stream = await TestStream.open(`${url}/events`)
        answered.add((await stream.greeted()).pid)
        return answered.size >= workers
      })
    }
    return { id: started.getId(), address: `${alias}:3000`, url, answers }
  }

  /**
   * The lab's nginx before a server at `address` (name and port, see ServerProcess.address) that answers. `url` is the fixed file's side,
   * `broken` the broken one's; `change` changes the text of its three files.
   */
  async nginx(
    address: string,
    change: (text: string) => string = text => text,
    files: Record<string, string> = {},
  ): Promise<{ id: string; url: string; broken: string; host: string }> {
    const alias = `scenario-${randomUUID()}`
    const toServer = (text: string) =>
      change(text.replace(/server server(-broken)?:3000/, `server ${address}`))
    const started = await startNginx(alias, toServer, { files })
    this.#stack.defer(async () => void (await docker('rm', '--force', started.getId())))
    // nginx looks the server's name up after its start: until then it answers 502, which a client takes for the end.
    for (const port of [80, 8081])
      await until(`nginx to find ${address}`, 10_000, async () => {
        return (await call('GET', `http://${alias}:${port}/healthz`)).status === 200
      })
    return {
      id: started.getId(),
      url: `http://${alias}`,
      broken: `http://${alias}:8081`,
      host: alias,
    }
  }

  /**
   * Another proxy than nginx before a server at `address`: a program of sse-lab/proxies and its file of this repository, in which
   * it listens on 8080 and its server is server:3000. `change` changes the file's text. Resolves when the server answers through it.
   */
  async proxy(
    command: readonly string[],
    file: string,
    address: string,
    change: (text: string) => string = text => text,
  ): Promise<{ url: string }> {
    const alias = `scenario-${randomUUID()}`
    const [host = '', port = ''] = address.split(':')
    const asIs = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')
    // As Envoy writes it, too.
    const text = change(asIs.replace(/\bserver(:|, port_value: )3000\b/, `${host}$1${port}`))
    const started = await startProxy(alias, command, { name: basename(file), text })
    this.#stack.defer(async () => void (await docker('rm', '--force', started.getId())))
    const url = `http://${alias}:8080`
    await until(`${command[0]} to find ${address}`, 10_000, async () => {
      return (await call('GET', `${url}/healthz`, { withinMs: 1000 })).status === 200
    })
    return { url }
  }

  /**
   * nginx as `make production` runs it, with its limits, before a server at `address`. `url` is without TLS: the limits are the
   * same, and what they count is not the handshake. `change` changes the text of its files.
   */
  async guardedNginx(
    address: string,
    change: (text: string) => string = text => text,
  ): Promise<{ id: string; url: string; host: string }> {
    const host = `scenario-${randomUUID()}`
    const toServer = (text: string) => change(text.replace('server server:3000', `server ${address}`))
    const certificate = Object.entries(await makeCertificate())
    const files = Object.fromEntries(
      certificate.map(([path, text]) => [path.replace('/lab/tls/', '/run/tls/'), text]),
    )
    const started = await startNginx(host, toServer, { files, shape: 'production' })
    this.#stack.defer(async () => void (await docker('rm', '--force', started.getId())))
    const url = `http://${host}`
    await until(`nginx to find ${address}`, 10_000, async () => {
      return (await call('GET', `${url}/healthz`)).status === 200
    })
    return { id: started.getId(), url, host }
  }

  /** An issuer of tokens for a server with AUTH=jwt. `topics`: what they allow, without it all. */
  async issuer(topics?: readonly string[]): Promise<TokenIssuer> {
    return this.#stack.use(await TokenIssuer.make(topics))
  }

  /**
   * A Redis as `make production` runs it: in a network of its own, and for those that users.acl knows. `env` is for a server of the
   * tests' own container, which is in that network.
   */
  async guardedRedis(): Promise<{ id: string; host: string; env: Record<string, string> }> {
    const host = `scenario-${randomUUID()}`
    const password = randomUUID()
    this.#stack.use(await makeNetwork(host))
    const started = this.#stack.use(await startRedis(host, { acl: await aclFor(password), network: host }))
    const folder = await mkdtemp(`${tmpdir()}/redis-`)
    this.#stack.defer(() => rm(folder, { recursive: true }))
    await writeFile(`${folder}/password`, password)
    const env = { REDIS_URL: `redis://server@${host}:6379`, REDIS_PASSWORD_FILE: `${folder}/password` }
    return { id: started.getId(), host, env }
  }

  /** An empty Redis: its address and URL, its container, and a way to ask it. */
  async redis(): Promise<{
    address: string
    url: string
    id: string
    ask(...words: string[]): Promise<string>
  }> {
    const started = await this.#ground.redis()
    const ask = async (...words: string[]) =>
      (await docker('exec', started.getId(), 'redis-cli', ...words)).trim()
    await ask('flushall')
    const address = `${redisAlias}:6379`
    return { address, url: `redis://${address}`, id: started.getId(), ask }
  }

  /**
   * A disk for several Redis servers that have one name in the network, as the tasks of one service do. `start` resolves when the
   * next one runs, though it may wait for the lock of deploy/stack.yaml, if `locked`.
   */
  async redisDisk(): Promise<{ url: string; start(locked: boolean): Promise<{ id: string }> }> {
    const name = `scenario-${randomUUID()}`
    await docker('volume', 'create', name)
    this.#stack.defer(async () => void (await docker('volume', 'rm', '--force', name)))
    const start = async (locked: boolean) => {
      const started = this.#stack.use(await startRedis(name, { disk: { volume: name, locked } }))
      return { id: started.getId() }
    }
    return { url: `redis://${name}:6379`, start }
  }

  /** A link that can be hurt to `upstream`, on a port of the tests' own container; `address` is for other containers. */
  async link(upstream: string): Promise<{ link: Link; port: number; address: string }> {
    const toxiproxy = await this.#ground.toxiproxy()
    const port = nextPort()
    const link = await toxiproxy.open(`scenario-${port}`, port, upstream)
    this.#stack.defer(() => link.mend().then(() => link.cut()))
    return { link, port, address: `${testAlias}:${port}` }
  }

  /** A page of a real Chromium at `url`, in a browser context of its own: its own six connections per address. */
  async page(url: string): Promise<Page> {
    const context = await (await this.#ground.browser()).newContext({ ignoreHTTPSErrors: true })
    this.#stack.defer(() => context.close())
    const page = await context.newPage()
    await page.goto(url)
    return page
  }

  /** What a container has printed on both outputs. */
  async logs(id: string): Promise<string> {
    return await docker('logs', id)
  }

  /** Waits until the container's logs have a line like it, and returns that line. */
  async logLine(id: string, pattern: RegExp, withinMs = 3000): Promise<string> {
    return await until(`a log line like ${pattern}`, withinMs, async () => {
      const found = (await this.logs(id)).split('\n').find(line => pattern.test(line))
      return found?.trim()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

/** The users of deploy/secrets/users.acl, as secrets.sh makes the file: it holds what the password hashes to. */
async function aclFor(password: string): Promise<string> {
  const users = await readFile(new URL('../../deploy/secrets/users.acl', import.meta.url), 'utf8')
  return users.replace('PASSWORD_SHA256', createHash('sha256').update(password).digest('hex'))
}
