// The clients of one version of Node; its first argument stands before their names.
import { execFile } from 'node:child_process';
import http from 'node:http';
import https from 'node:https';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

import axios from 'axios';
import got from 'got';
import ky from 'ky';
import nodeFetch from 'node-fetch';
import playwright from 'playwright-core';
import superagent from 'superagent';
import * as undici from 'undici';
import * as undici7 from 'undici7';

import exercises from './exercise.cjs';

const version = process.argv[2];

// Node's own module, which follows no redirect by itself.
function plain(options) {
  return async function ask(method, url, body) {
    const answer = await new Promise((resolve, reject) => {
      const [module, more] = url.startsWith('https:') ? [https, options.https] : [http, options.http];
      const headers = body ? { 'content-type': 'application/json' } : {};
      const request = module.request(url, { ...more, method, headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode, text, to: response.headers.location }));
      });
      request.on('error', reject);
      request.end(body);
    });
    return answer.to ? ask('GET', new URL(answer.to, url).href) : { status: answer.status, text: answer.text };
  };
}

function fetching(fetch, options = {}) {
  return async (method, url, body) => {
    const headers = body ? { 'content-type': 'application/json' } : {};
    const response = await fetch(url, { method, body, headers, ...options });
    return { status: response.status, text: await response.text() };
  };
}

// Without its own ideas of what a body is.
const asText = { transformRequest: (data) => data, responseType: 'text', transformResponse: (text) => text, validateStatus: () => true };
const axiosWith = (options) => async (method, url, data) => {
  const headers = data ? { 'content-type': 'application/json' } : {};
  const response = await axios({ method, url, data, headers, ...asText, ...options });
  return { status: response.status, text: response.data };
};

// An authority of the client's own, which is not ours: the client trusts that one alone.
const [ca] = (await import('node:tls')).rootCertificates;
const ownAgents = (options) => ({ http: { agent: new http.Agent(options) }, https: { agent: new https.Agent(options) } });
const clients = {
  http: plain({}),
  'http-keepalive': plain(ownAgents({ keepAlive: true })),
  'http-no-agent': plain({ http: { agent: false }, https: { agent: false } }),
  'http-own-ca': plain(ownAgents({ ca })),
  fetch: fetching(fetch),
  'undici-agent': fetching(undici.fetch, { dispatcher: new undici.Agent({ connections: 4 }) }),
  'undici-pool': async (method, url, body) => {
    const { origin, pathname } = new URL(url);
    const headers = body ? { 'content-type': 'application/json' } : {};
    const pool = new undici.Pool(origin, { connections: 2 });
    const response = await pool.request({ path: pathname, method, body, headers });
    const text = await response.body.text();
    await pool.close();
    return response.statusCode === 302
      ? clients['undici-pool']('GET', new URL(response.headers.location, url).href)
      : { status: response.statusCode, text };
  },
  'undici-7': fetching(undici7.fetch),
  axios: axiosWith({}),
  'axios-no-proxy': axiosWith({ proxy: false }),
  got: async (method, url, body) => {
    const headers = body ? { 'content-type': 'application/json' } : {};
    const response = await got(url, { method, body, headers, throwHttpErrors: false });
    return { status: response.statusCode, text: response.body };
  },
  superagent: async (method, url, body) => {
    const request = superagent(method, url).buffer(true).parse(superagent.parse.text);
    const response = await (body ? request.type('application/json').send(body) : request);
    return { status: response.status, text: response.text || '' };
  },
  'node-fetch': fetching(nodeFetch),
  'playwright-request': async (method, url, body) => {
    const data = body && Buffer.from(body); // of a text it would make JSON
    const headers = body ? { 'content-type': 'application/json' } : {};
    const context = await playwright.request.newContext();
    const response = await context.fetch(url, { method, data, headers });
    const answer = { status: response.status(), text: await response.text() };
    await context.dispose();
    return answer;
  },
  ky: async (method, url, body) => {
    const headers = body ? { 'content-type': 'application/json' } : {};
    const response = await ky(url, { method, body, headers, throwHttpErrors: false });
    return { status: response.status, text: await response.text() };
  },
};
if (version !== 'node20') {
  const { Agent, fetch } = await import('undici8'); // which needs Node 22
  clients['undici-8'] = fetching(fetch, { dispatcher: new Agent() });
}

await exercises.exerciseAll(Object.fromEntries(Object.entries(clients).map(([name, each]) => [`${version}-${name}`, each])));

// A child process, and a thread, that go through the whole of it themselves.
const child = await promisify(execFile)(process.execPath, ['fetch_alone.cjs', `${version}-child`]);
process.stdout.write(child.stdout);
const thread = new Worker('./fetch_alone.cjs', { argv: [`${version}-thread`] });
await new Promise((resolve) => thread.on('exit', resolve).on('error', resolve));

connect({ host: 'secure.client.test', port: 443, servername: 'secure.client.test' }, function () {
  console.log(`ok ${version}-tls`);
  process.exit(this.authorized ? 0 : 1);
});
