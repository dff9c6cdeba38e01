// Leads this process's connections for owned origins to their doors, whichever client opens them.
//
// Every client of Node ends at the two functions that are replaced here: net.Socket's connect, and tls.connect.
// INTERCEPTOR_DOORS says where to: `api.example.com:443=41873 ...`. Addresses that match INTERCEPTOR_PATTERNS,
// `*.example.com:443`, have no door: the proxy is told which of them is meant. All other connections stay as they are.
'use strict';

const fs = require('node:fs');
const net = require('node:net');
const tls = require('node:tls');
const { syncBuiltinESMExports } = require('node:module');

const LOOPBACK = '127.0.0.1';
const WORKERS = ['INTERCEPTOR_SCOPE', 'VITEST_POOL_ID', 'JEST_WORKER_ID', 'TEST_WORKER_INDEX']; // the last is Playwright's

const words = (text) => (text || '').split(' ').filter(Boolean);
const doors = new Map(words(process.env.INTERCEPTOR_DOORS).map((each) => each.split('=')));
const ports = words(process.env.INTERCEPTOR_PORTS);
const ours = new Set([...doors.values(), ...ports]);
const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const patterns = words(process.env.INTERCEPTOR_PATTERNS).map((each) => new RegExp(`^${each.split('*').map(literal).join('.*')}$`));

const connect = net.Socket.prototype.connect;
const secureConnect = tls.connect;

// The port that stands for an address, and the address where the port does not say it.
function doorOf(options) {
  if (options.path) return undefined;
  const host = String(options.host || 'localhost').toLowerCase().replace(/\.$/, '');
  const address = `${host}:${options.port}`;
  if (doors.has(address)) return { port: doors.get(address), meant: '' };
  return patterns.some((each) => each.test(address)) ? { port: ports[0], meant: address } : undefined;
}

// The scope of what this worker asks, and the address. Read anew each time: vitest names its workers late.
function preamble(meant) {
  const scope = WORKERS.map((each) => process.env[each]).find((each) => each !== undefined) || '';
  return (scope || meant) && `INTERCEPTOR/1 ${encodeURIComponent(scope)}${meant && ` ${meant}`}\r\n`;
}

function changed(options, changes) {
  return Object.assign(Object.create(Object.getPrototypeOf(options)), options, changes);
}

// `(options)`, `(port, host)`, or what Node has normalised already: an array that its symbols mark as such.
function normalised(args) {
  return Array.isArray(args[0]) ? args[0] : net._normalizeArgs(args);
}

net.Socket.prototype.connect = lead;

function lead(...args) {
  // MSW 3 and nock 15 give each socket that they answer themselves a `connect` of its own: nothing of it leaves.
  if (Object.hasOwn(this, 'connect')) return connect.apply(this, args);
  const given = normalised(args);
  const door = doorOf(given[0]);
  if (door === undefined && !isOurs(given[0])) return connect.apply(this, args);
  const led = door === undefined ? given : redirected(given, door.port);
  const result = connect.call(this, led);
  const greeting = this instanceof tls.TLSSocket ? '' : preamble(door === undefined ? '' : door.meant);
  if (greeting) this.write(greeting, 'latin1');
  return result;
}

function isOurs(options) {
  return !options.path && ours.has(String(options.port)) && ['localhost', LOOPBACK].includes(options.host || 'localhost');
}

function redirected(given, door) {
  const there = { host: LOOPBACK, port: Number(door), family: 4, lookup: undefined, localAddress: undefined };
  const led = [changed(given[0], there), given[1]];
  for (const symbol of Object.getOwnPropertySymbols(given)) led[symbol] = given[symbol];
  return led;
}

// A door shows a certificate of ours and no other, so a client that brings authorities of its own needs only ours.
// The connection below TLS is opened first: what names the scope has to come before the handshake.
tls.connect = function (...args) {
  const [options, listener] = secureArguments(args);
  if (options.socket || doorOf(options) === undefined) return secureConnect.apply(this, args);
  if (!options[asked] && mayBeMocked()) {
    return secureConnect.call(this, changed(options, { ca: authority(), secureContext: undefined, [asked]: true }), listener);
  }
  const { host, port, signal, timeout } = options;
  const socket = net.connect({ host, port, signal });
  const secured = secureConnect.call(this, changed(options, { socket, ca: authority(), secureContext: undefined }), listener);
  return timeout ? secured.setTimeout(timeout) : secured;
};

// MSW 3 and nock 15 stand in front of every socket, and answer TLS only where it opens its own connection. What they
// let pass comes here once more, with the same options.
const asked = Symbol('asked');

function mayBeMocked() {
  return net.Socket.prototype.connect !== lead && Function.prototype.toString.call(net.Socket.prototype.connect).includes('kPatched');
}

// Both `(port, host, options)` and `(options)`; options win over what stands before them, as in Node itself.
function secureArguments(args) {
  const [options, listener] = net._normalizeArgs(args);
  const more = args.slice(1).find((each) => each !== null && typeof each === 'object');
  return [more ? changed(more, { ...options, ...more }) : options, listener];
}

let certificate;
function authority() {
  certificate ??= fs.readFileSync(process.env.INTERCEPTOR_CA);
  return certificate;
}

syncBuiltinESMExports(); // `import { connect } from 'node:tls'` sees ours as well
