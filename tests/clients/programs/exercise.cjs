// What every client of Node is put through; a client is a function (method, url, body) => Promise<{status, text}>.
'use strict';
const { deepStrictEqual: same } = require('node:assert');

const SIZE = 5 * 1024 * 1024;

async function exercise(name, client) {
  for (const origin of ['http://plain.client.test', 'https://secure.client.test']) {
    const at = `${origin}/${name}`;
    same(await client('GET', `${at}/item`), { status: 200, text: '{"id":"10"}' });
    same(await client('POST', `${at}/items`, '{"name":"Lamp"}'), { status: 201, text: '{"name":"Lamp"}' });
    same(await client('PUT', `${at}/upload`, 'x'.repeat(SIZE)), { status: 200, text: `{"size":${SIZE}}` });
    same(await client('DELETE', `${at}/item`), { status: 204, text: '' });
    same(await client('GET', `${at}/old`), { status: 200, text: '{"id":"10"}' });
    const numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    const answers = await Promise.all(numbers.map((each) => client('GET', `${at}/parallel/${each}`)));
    same(answers, numbers.map((each) => ({ status: 200, text: `{"number":"${each}"}` })));
  }
}

async function exerciseAll(clients) {
  for (const [name, client] of Object.entries(clients)) {
    try {
      await exercise(name, client);
      console.log(`ok ${name}`);
    } catch (error) {
      console.log(`failed ${name}: ${error.stack}${error.cause ? `\n${error.cause.stack}` : ''}`.replaceAll('\n', ' | '));
    }
  }
}

module.exports = { exercise, exerciseAll };
