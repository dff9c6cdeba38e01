// Node's own fetch in a process or a thread of its own, named by the first argument.
'use strict';
const { exerciseAll } = require('./exercise.cjs');

async function ask(method, url, body) {
  const headers = body ? { 'content-type': 'application/json' } : {};
  const response = await fetch(url, { method, body, headers });
  return { status: response.status, text: await response.text() };
}

exerciseAll({ [process.argv[2]]: ask });
