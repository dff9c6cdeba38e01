/*
 * Answers requests by the handlers of MSW that some files export: `node msw_handlers.mjs IN OUT PROJECT_FOLDER OUTPUT_FOLDER FILE...`
 *
 * Requests come as lines of JSON from the descriptor IN, answers go to OUT, so that whatever the handlers print harms
 * nothing. The first line says which files were read, or why a file cannot be.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'
import readline from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'

const [input, output, root, outputs, ...files] = process.argv.slice(2)
const say = (message) => fs.writeSync(Number(output), `${JSON.stringify(message)}\n`)

const TYPESCRIPT = /\.[cm]?tsx?$/
const STRIPS_TYPES = process.features.typescript !== undefined && process.features.typescript !== false

// A project with esbuild writes its imports for a bundler: without extensions, with aliases, with JSX.
async function bundled(file, index) {
  let esbuild
  try {
    esbuild = createRequire(file)('esbuild')
  } catch {
    return undefined
  }
  const outfile = path.join(outputs, `msw-${process.pid}-${index}.mjs`)
  const { metafile } = await esbuild.build({
    entryPoints: [file], outfile, absWorkingDir: root, bundle: true, packages: 'external', platform: 'node',
    format: 'esm', target: `node${process.versions.node}`, sourcemap: 'inline', metafile: true, logLevel: 'silent',
  })
  await esbuild.stop?.() // its service would outlive this process, and keep our descriptors open
  return { outfile, inputs: Object.keys(metafile.inputs).map((each) => path.resolve(root, each)) }
}

async function exported(file, index) {
  const bundle = await bundled(file, index)
  if (!bundle && TYPESCRIPT.test(file) && !STRIPS_TYPES) {
    throw new Error(`Node ${process.versions.node} reads no TypeScript: install esbuild in the project, or use Node 22.18 or later`)
  }
  let module
  try {
    module = await import(pathToFileURL(bundle?.outfile ?? file).href)
  } finally {
    if (bundle) fs.rmSync(bundle.outfile, { force: true })
  }
  const handlers = module.handlers ?? module.default
  if (!Array.isArray(handlers)) throw new Error('it exports no list of handlers, as `handlers` or by default')
  return { handlers, inputs: bundle?.inputs ?? [file] }
}

// The first line of what esbuild or Node says, with its place where they know one.
function reason(error) {
  const [first] = error.errors ?? []
  if (first) return `${first.location ? `${first.location.file}:${first.location.line}:${first.location.column + 1}: ` : ''}${first.text}`
  return String(error.message ?? error).split('\n')[0]
}

const handlers = []
const inputs = []
let msw
for (const [index, file] of files.entries()) {
  try {
    const found = await exported(file, index)
    handlers.push(...found.handlers)
    inputs.push(...found.inputs)
    if (!msw) {
      msw = await import(pathToFileURL(createRequire(file).resolve('msw')).href)
      msw = msw.getResponse ? msw : msw.default
      if (!msw?.getResponse) throw new Error('the msw beside it has no getResponse: version 2 or later is needed')
    }
  } catch (error) {
    say({ failed: path.relative(root, file), why: reason(error) })
    process.exit(1)
  }
}

const running = new AsyncLocalStorage()
for (const handler of handlers) {
  const { run } = handler
  if (!run) continue
  handler.run = async function (args) {
    const result = await run.call(this, args)
    const store = running.getStore()
    if (result?.response && store) store.handler = this
    return result
  }
}

// `file:line` of the handler, from where MSW saw it being made.
function placeOf(handler) {
  const frame = /(?:at )?(?:file:\/\/)?(.*?):(\d+):\d+$/.exec(handler?.info?.callFrame?.trim() ?? '')
  if (!frame) return path.relative(root, files[0])
  const file = frame[1].startsWith('/') ? frame[1] : fileURLToPath(new URL(frame[1], 'file:///'))
  return `${path.relative(root, file)}:${frame[2]}`
}

async function answer({ method, url, headers, body, base }) {
  const init = { method, headers }
  if (body && method !== 'GET' && method !== 'HEAD') init.body = Buffer.from(body, 'base64')
  const store = {}
  const request = new Request(url, init)
  const response = await running.run(store, async () => {
    try {
      return await msw.getResponse(handlers, request, { baseUrl: base })
    } catch (error) {
      if (error instanceof Response) return error
      throw error
    }
  })
  if (!response) return { unhandled: true }
  const place = placeOf(store.handler)
  if (response.type === 'error') return { place, broken: true }
  if (response.headers.get('x-msw-intention') === 'passthrough') return { place, passes: true }
  const content = Buffer.from(await response.arrayBuffer()).toString('base64')
  const cookies = response[Object.getOwnPropertySymbols(response).find((each) => each.description === 'kSetCookie')]
  const pairs = [...response.headers]
  if (cookies && !response.headers.has('set-cookie')) pairs.push(['set-cookie', cookies])
  return { place, status: response.status, headers: pairs, body: content }
}

say({ ready: inputs })
// A socket, as a file stream would wait in a thread that nothing can end.
readline.createInterface({ input: new net.Socket({ fd: Number(input), readable: true, writable: false }) }).on('line', async (line) => {
  const { id, ...request } = JSON.parse(line)
  try {
    say({ id, ...(await answer(request)) })
  } catch (error) {
    say({ id, failed: reason(error) })
  }
}).on('close', () => process.exit(0))
