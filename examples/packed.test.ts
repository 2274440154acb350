import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Ground, Rig } from '@sse-lab/scenarios/rig/rig.ts'
import { startProcess } from '@sse-lab/scenarios/rig/server-process.ts'
import { TestStream } from '@sse-lab/testkit/stream.ts'
import { publish } from '@sse-lab/testkit/publish.ts'

/** `npm pack`, and what it makes installed into an empty NestJS application outside of this repository. */
const run = promisify(execFile)
const server = fileURLToPath(new URL('../server', import.meta.url))
const versions = JSON.parse(
  (
    await run('npm', ['pkg', 'get', 'dependencies', '--workspace', 'examples/nestjs'], {
      cwd: join(server, '..'),
    })
  ).stdout,
)['@sse-lab/example-nestjs']

const ground = new Ground()
after(async () => await ground[Symbol.asyncDispose]())

const application = `
import 'reflect-metadata'
import { Controller, Get, Module, Post, Req, Res, type BeforeApplicationShutdown } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { createSse, type Request, type Response } from '@sse-lab/server'

const sse = createSse({ redis: process.env.REDIS_URL })

@Controller()
class EventsController implements BeforeApplicationShutdown {
  @Get('events')
  async stream(@Req() request: any, @Res() response: any): Promise<void> {
    await sse.stream(request satisfies Request, response satisfies Response)
  }

  @Post('events')
  async publish(@Req() request: any, @Res() response: any): Promise<void> {
    await sse.receive(request, response)
  }

  @Get('healthz')
  health(): boolean {
    return sse.ready
  }

  async beforeApplicationShutdown(): Promise<void> {
    await sse.drain()
  }
}

@Module({ controllers: [EventsController] })
class AppModule {}

const app = await NestFactory.create(AppModule)
app.enableShutdownHooks()
await sse.untilReady()
await app.listen(Number(process.env.PORT))
`

const compilerOptions = {
  target: 'es2024',
  module: 'nodenext',
  strict: true,
  types: ['node'],
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
}

/** An application with nothing of this repository but the packed file. */
async function install(folder: string): Promise<void> {
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: server })
  const [packed] = (await readdir(folder)).filter(name => name.endsWith('.tgz'))
  assert.ok(packed)
  const { '@sse-lab/server': _, ...nest } = versions
  const dependencies = { ...nest, '@sse-lab/server': `file:${packed}` }
  const devDependencies = { typescript: '7.0.2', '@types/node': '24.19.2' }
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ type: 'module', dependencies, devDependencies }),
  )
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  await writeFile(join(folder, 'main.ts'), application)
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], {
    cwd: folder,
    timeout: 180_000,
  })
  await run('npx', ['tsc'], { cwd: folder })
}

test('the packed file, installed into an empty NestJS application, lets its two processes share events', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'packed-'))
  t.after(async () => await rm(folder, { recursive: true }))
  await install(folder)
  await using rig = new Rig(ground, false)
  const REDIS_URL = (await rig.redis()).url
  const [one, other] = [
    rig.use(await startProcess(join(folder, 'main.js'), { REDIS_URL })),
    rig.use(await startProcess(join(folder, 'main.js'), { REDIS_URL })),
  ]
  await using near = await TestStream.openGreeted(`${one.url}/events?topic=a`)
  await using far = await TestStream.openGreeted(`${other.url}/events?topic=a`)

  const sent = [
    await publish(one.url, { topic: 'a', data: 'from one' }),
    await publish(other.url, { topic: 'a', data: 'from the other' }),
  ]

  const ids = sent.map(({ id }) => id)
  for (const stream of [near, far]) {
    await stream.next(({ id }) => id === ids.at(-1), { withinMs: 3000 })
    assert.deepEqual(
      stream.events.map(({ id }) => id),
      ids,
    )
  }
  // What the lab's own application needs is not for who takes the package.
  const installed = await readdir(join(folder, 'node_modules'))
  for (const name of ['pm2', 'pino']) assert.ok(!installed.includes(name), name)
  const { stdout } = await run('npm', ['ls', 'express', '--parseable', '--long'], { cwd: folder })
  assert.doesNotMatch(stdout, /@sse-lab/)
})
