'use strict'
/*
 * Notes what mocks inside a Node process answer: MSW 1 to 3, nock 13 to 15, whatever else stands on @mswjs/interceptors.
 *
 * Loaded by NODE_OPTIONS=--require. It edits nothing of the suite, asks nothing of the network, and never throws: a
 * test must not notice it. Each exchange becomes a line of JSON in a file of this thread, in the folder that
 * INTERCEPTOR_OBSERVED names; the run reads them when the command has ended.
 */
const folder = process.env.INTERCEPTOR_OBSERVED
if (folder) {
  try {
    observe(folder)
  } catch (error) {
    process.stderr.write(`interceptor  cannot note what mocks in this process answer: ${error.message}\n`)
  }
}

function observe(folder) {
  const fs = require('node:fs')
  const path = require('node:path')
  const vm = require('node:vm')
  const { EventEmitter } = require('node:events')
  const { syncBuiltinESMExports } = require('node:module')
  const { threadId } = require('node:worker_threads')
  // Held before a suite can put fakes in their places.
  const append = fs.appendFileSync
  const now = Date.now
  const clock = process.hrtime.bigint // shared by all processes of the machine
  const RealDate = Date
  const file = path.join(folder, `${process.pid}-${threadId}.jsonl`)
  const libraries = new Set((process.env.INTERCEPTOR_OBSERVED_LIBRARIES ?? 'msw nock').split(' '))
  const MOST_BYTES = 16 << 20 // an endless body must not fill the memory

  // Runners say it when the worker is up, after this file was loaded.
  const worker = () => process.env.JEST_WORKER_ID ?? process.env.VITEST_POOL_ID ?? process.env.TEST_WORKER_INDEX

  function line(content) {
    try {
      append(file, `${JSON.stringify(content)}\n`)
    } catch {} // a full disk is the run's to report, not the test's
  }

  // An exchange is announced as soon as it is answered: if its process is killed before the bodies are copied, or a
  // body never ends, the run can say what is missing. Gives what writes the rest.
  let announced = 0
  function announce(library, begun, request, response) {
    if (!libraries.has(library)) return undefined
    const id = ++announced
    line({ id, method: request.method, url: request.url })
    return (sent, received) => {
      try {
        const at = new RealDate(now()).toISOString()
        const { moment, test } = begun
        const bodies = [encoded(sent), encoded(received)]
        line({
          id, at, moment, library, test: test.currentTestName, worker: worker(),
          request: { ...request, body: bodies[0] }, response: { ...response, body: bodies[1] },
        })
      } catch (error) {
        line({ id, lost: error.message })
      }
    }
  }

  function encoded(bytes) {
    if (bytes === undefined) throw new Error('its body was read before it could be copied')
    const buffer = Buffer.from(bytes ?? '')
    if (buffer.length > MOST_BYTES) throw new Error(`its body has ${buffer.length} bytes`)
    return buffer.toString('base64')
  }

  // Which test runs ---------------------------------------------------------------------------------------------

  let current = {} // where no runner tells
  const realms = [new WeakRef(globalThis)] // the newest first: jest and vitest make one for each test file
  const VITEST = Symbol.for('expect-global')
  const JEST = Symbol.for('$$jest-matchers-object')
  const stateOf = (realm) => realm?.[VITEST]?.getState?.() ?? realm?.[JEST]?.state

  function runningTest(realm) {
    for (const each of realm ? [realm] : realms.map((reference) => reference.deref())) {
      const state = stateOf(each)
      if (state?.testPath) return { currentTestName: state.currentTestName, testPath: state.testPath }
    }
    return { ...current }
  }

  // When a request was made, and in which test: the response may come in a later one.
  const beginning = (realm) => ({ moment: String(clock()), test: runningTest(realm) })

  // What stands on @mswjs/interceptors: MSW, nock from 14 on -----------------------------------------------------

  const noted = new WeakSet()
  const asked = new Map() // by the id of a request: how it began, and its body
  let nockStandsOnInterceptors = false

  const bytesOf = (message) => {
    if (message.bodyUsed) return Promise.resolve(undefined)
    return message.body ? message.clone().arrayBuffer().catch(() => undefined) : Promise.resolve('')
  }

  // Before a handler reads it: afterwards there is nothing left to copy.
  const onRequest = (realm) => (event) => {
    try {
      if (event.requestId) asked.set(event.requestId, { ...beginning(realm), body: bytesOf(event.request) })
    } catch {}
  }

  const isMocked = (event) => event.isMockedResponse ?? event.responseType === 'mock'

  const onResponse = (realm) => (event, oldResponse) => {
    try {
      // Before 0.20 the two are given one by one.
      const old = oldResponse !== undefined
      const { request, response } = old ? { request: event, response: oldResponse } : event
      const begun = asked.get(event.requestId) ?? beginning(realm)
      asked.delete(event.requestId)
      const mocked = old ? response.headers.get('x-powered-by') === 'msw' : isMocked(event)
      if (!mocked || noted.has(response) || isFaultOfAHandler(response)) return
      noted.add(response)
      const sentHead = { method: request.method, url: String(request.url), headers: [...request.headers] }
      const receivedHead = { status: response.status, headers: [...response.headers] }
      const library = nockStandsOnInterceptors ? 'nock' : 'msw'
      const done = announce(library, begun, sentHead, receivedHead)
      if (!done) return
      if (old) done(request._body ?? '', response.body ?? '')
      else Promise.all([begun.body ?? bytesOf(request), bytesOf(response)]).then((bodies) => done(...bodies))
    } catch {}
  }

  // MSW answers for a handler that threw; that is no contract.
  const isFaultOfAHandler = (response) => response.status === 500 && response.statusText === 'Unhandled Exception'

  const INTERCEPTOR = /^(fetch|xhr|http|client-request|xml-http-request)(-interceptor)?$/

  // A realm is the main one, or the context of a test file.
  function watch(realm) {
    const onRealmRequest = onRequest(realm)
    const onRealmResponse = onResponse(realm)
    const listen = (interceptor) => {
      const emitter = interceptor.emitter
      if (emitter?.prependListener) emitter.prependListener('request', onRealmRequest)
      else interceptor.on('request', onRealmRequest)
      interceptor.on('response', onRealmResponse)
    }
    // Before 0.42 an interceptor reads its symbol's description as it is made, and then puts itself at that symbol.
    const description = Object.getOwnPropertyDescriptor(realm.Symbol.prototype, 'description')
    const arm = (symbol) =>
      Object.defineProperty(realm, symbol, {
        configurable: true,
        get() {},
        set(interceptor) {
          Object.defineProperty(realm, symbol, { configurable: true, writable: true, value: interceptor })
          try {
            interceptor.dispose = function () {
              delete interceptor.dispose
              interceptor.dispose()
              arm(symbol)
            }
            listen(interceptor)
          } catch {}
        },
      })
    Object.defineProperty(realm.Symbol.prototype, 'description', {
      ...description,
      get() {
        const name = description.get.call(this)
        if (name === 'nock-interceptor') nockStandsOnInterceptors = true
        else if (INTERCEPTOR.test(name) && !Object.hasOwn(realm, this)) arm(this)
        return name
      },
    })
    // From 0.42 on they register themselves in a map, which may be there before.
    const HTTP_SOURCE = Symbol.for('node-http-request-source')
    realm.__MSW_INTERCEPTORS_REGISTRY ??= new (class extends Map {
      set(key, interceptor) {
        if (key === HTTP_SOURCE) {
          interceptor.apply = function (owner) {
            if (owner?.constructor.name === 'HttpRequestInterceptor') nockStandsOnInterceptors = true // 15; MSW has others
            Object.getPrototypeOf(interceptor).apply.call(interceptor, owner)
            if (interceptor.listeners('response').includes(onRealmResponse)) return
            interceptor.on('request', onRealmRequest)
            interceptor.on('response', onRealmResponse)
          }
        }
        return super.set(key, interceptor)
      }
    })()
  }

  // nock before 14, and the names of mocha's tests: events of Node's own emitters --------------------------------

  const nockBodies = new WeakMap()

  function onEvent(emitter, type, first, second, third) {
    if (type === 'test' && emitter.constructor.name === 'Runner') {
      current = { currentTestName: first.fullTitle(), testPath: first.file }
    } else if (type === 'request' && typeof third === 'string' && second?.scope === emitter && !nockStandsOnInterceptors) {
      nockBodies.set(first, { ...beginning(), body: third })
    } else if (type === 'response' && nockBodies.has(emitter)) {
      noteNock(emitter, first)
    }
  }

  function noteNock(request, response) {
    const begun = nockBodies.get(request)
    const scheme = request.protocol ?? request.agent?.protocol ?? 'http:'
    const asked = {
      method: request.method,
      url: `${scheme}//${request.getHeader('host')}${request.path}`,
      headers: Object.entries(request.getHeaders()).map(([name, value]) => [name, String(value)]),
    }
    const headers = Object.entries(response.headers).flatMap(([name, value]) => [value].flat().map((each) => [name, each]))
    const done = announce('nock', begun, asked, { status: response.statusCode, headers })
    if (!done) return
    const chunks = []
    const push = response.push
    response.push = function (chunk, encoding) {
      if (chunk !== null) {
        chunks.push(Buffer.from(chunk, encoding))
      } else {
        done(begun.body, Buffer.concat(chunks))
      }
      return push.apply(this, arguments)
    }
  }

  // Proxies ------------------------------------------------------------------------------------------------------

  // A client that reads the proxy variables asks the proxy for everything, and a mock in this process would see the
  // proxy's address. Owned origins need no proxy here: their connections are led to their doors. Children that are
  // no Node know of no doors, and get the variables as they were.
  function exemptOwnedOrigins() {
    const childProcess = require('node:child_process')
    const names = ['NO_PROXY', 'no_proxy']
    const before = names.map((name) => [name, process.env[name]])
    const owned = (process.env.INTERCEPTOR_DOORS ?? '').split(' ').map((door) => door.split('=')[0])
    const exempt = [process.env.NO_PROXY, ...owned].filter(Boolean).join(',')
    const restored = (name) => (before.find(([each]) => each === name)[1] ?? '')
    const apply = (values) => {
      for (const [name, value] of values) {
        if (value === undefined) delete process.env[name]
        else process.env[name] = value
      }
    }
    apply(names.map((name) => [name, exempt]))
    const spawn = childProcess.ChildProcess.prototype.spawn
    childProcess.ChildProcess.prototype.spawn = function (options) {
      if (options?.envPairs) {
        options.envPairs = options.envPairs.map((pair) => {
          const name = names.find((each) => pair === `${each}=${exempt}`)
          return name ? `${name}=${restored(name)}` : pair
        })
      }
      return spawn.apply(this, arguments)
    }
    for (const name of ['spawnSync', 'execSync', 'execFileSync']) {
      const call = childProcess[name]
      childProcess[name] = function () {
        apply(before)
        try {
          return call.apply(this, arguments)
        } finally {
          apply(names.map((each) => [each, exempt]))
        }
      }
    }
  }

  fs.mkdirSync(folder, { recursive: true })
  exemptOwnedOrigins()
  watch(globalThis)

  const createContext = vm.createContext
  vm.createContext = function () {
    const context = createContext.apply(this, arguments)
    try {
      const realm = vm.runInContext('globalThis', context)
      realms.unshift(new WeakRef(realm))
      watch(realm)
    } catch {}
    return context
  }
  const emit = EventEmitter.prototype.emit
  EventEmitter.prototype.emit = function (type, first, second, third) {
    if (type === 'response' || type === 'request' || type === 'test') {
      try {
        onEvent(this, type, first, second, third)
      } catch {}
    }
    return emit.apply(this, arguments)
  }
  syncBuiltinESMExports()
  if (process.env.NODE_TEST_CONTEXT || process.execArgv.includes('--test')) {
    require('node:test').beforeEach((test) => {
      current = { currentTestName: test.fullName ?? test.name, testPath: process.argv[1] }
    })
  }
}
