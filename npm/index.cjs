// What a test says to the proxy of interceptor, and asks it, at the control address in INTERCEPTOR_URL.
'use strict';

const { request } = require('node:http'); // before a mock replaces it; and some suites have no fetch, or a mock of it

const WORKERS = ['INTERCEPTOR_SCOPE', 'VITEST_POOL_ID', 'JEST_WORKER_ID', 'TEST_WORKER_INDEX']; // the last is Playwright's
const PAST_MSW = { accept: 'msw/passthrough', 'x-msw-intention': 'bypass', 'x-msw-bypass': 'true' }; // 2.6, 2.0, 1

// Read anew each time: vitest names its workers late.
function headers() {
  const scope = WORKERS.map((each) => process.env[each]).find((each) => each !== undefined);
  return scope ? { 'x-interceptor-scope': scope } : {};
}

function ask(method, name, said) {
  const url = process.env.INTERCEPTOR_URL;
  if (!url) return Promise.reject(new Error('INTERCEPTOR_URL is not set: start the tests with interceptor run -- COMMAND'));
  return new Promise((resolve, reject) => {
    const failed = (error) => reject(new Error(`the proxy at INTERCEPTOR_URL, ${url}, does not answer: ${error.message}`));
    const asked = request(`${url}/${name}`, { method, agent: false, headers: { ...PAST_MSW, ...headers() } }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part)).on('error', failed).on('end', () => {
        const text = Buffer.concat(parts).toString();
        if (response.statusCode < 300) return resolve(text ? JSON.parse(text) : undefined);
        const { error, problems = [] } = text.startsWith('{') ? JSON.parse(text) : { error: text };
        reject(new Error([`cannot ${method} /${name}: ${error}`, ...problems].join('\n')));
      });
    });
    asked.on('error', failed).end(said === undefined || typeof said === 'string' ? said : JSON.stringify(said));
  });
}

const beginTest = (name) => ask('PUT', 'test', { name });
const given = (...names) => ask('PUT', 'states', names);
const use = async (handlers) => (await ask('POST', 'handlers', handlers)).handlers;
const exchanges = () => ask('GET', 'exchanges');
const reset = () => ask('POST', 'reset');
const summary = () => ask('GET', 'summary');
const missed = () => ask('GET', 'test').then(({ unhandled, failed }) => [...unhandled, ...failed]);

module.exports = { beginTest, exchanges, given, headers, missed, reset, summary, use };
