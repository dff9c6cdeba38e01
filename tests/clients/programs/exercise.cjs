// What every client of Node is put through; a client is a function (method, url, body) => Promise<{status, text}>.
'use strict';
const { deepStrictEqual: same } = require('node:assert');

const SIZE = 5 * 1024 * 1024;

const ORIGINS = { plain: 'http://plain.client.test', TLS: 'https://secure.client.test' };

async function exercise(at, client) {
  same(await client('GET', `${at}/item`), { status: 200, text: '{"id":"10"}' });
  same(await client('POST', `${at}/items`, '{"name":"Lamp"}'), { status: 201, text: '{"name":"Lamp"}' });
  same(await client('PUT', `${at}/upload`, 'x'.repeat(SIZE)), { status: 200, text: `{"size":${SIZE}}` });
  same(await client('DELETE', `${at}/item`), { status: 204, text: '' });
  same(await client('GET', `${at}/old`), { status: 200, text: '{"id":"10"}' });
  const numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  const answers = await Promise.all(numbers.map((each) => client('GET', `${at}/parallel/${each}`)));
  same(answers, numbers.map((each) => ({ status: 200, text: `{"number":"${each}"}` })));
}

async function exerciseAll(clients) {
  for (const [name, client] of Object.entries(clients)) {
    for (const [scheme, origin] of Object.entries(ORIGINS)) {
      try {
        await exercise(`${origin}/${name}`, client);
        console.log(`ok ${name} ${scheme}`);
      } catch (error) {
        const why = `${error.stack}${error.cause ? `\n${error.cause.stack}` : ''}`;
        console.log(`failed ${name} ${scheme}: ${why.replaceAll('\n', ' | ')}`);
      }
    }
  }
}

module.exports = { exerciseAll };
