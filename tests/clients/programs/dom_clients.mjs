// Clients within a made-up browser, which bring connections of their own; arguments: the Node, and packages.
import exercises from './exercise.cjs';

const [version, ...packages] = process.argv.slice(2);

function byXhr(XMLHttpRequest) {
  return (method, url, body) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(method, url);
      if (body) request.setRequestHeader('content-type', 'application/json');
      request.onload = () => resolve({ status: request.status, text: request.responseText });
      request.onerror = () => reject(new Error(`${method} ${url}: network error`));
      request.send(body);
    });
}

function byFetch(window) {
  return async (method, url, body) => {
    const headers = body ? { 'content-type': 'application/json' } : {};
    const response = await window.fetch(url, { method, body, headers });
    return { status: response.status, text: await response.text() };
  };
}

for (const name of packages) {
  const { JSDOM, Window } = await import(name);
  const window = JSDOM ? new JSDOM('', { url: 'http://localhost/' }).window : new Window({ url: 'http://localhost/' });
  const clients = { [`${version}-${name}-xhr`]: byXhr(window.XMLHttpRequest) };
  if (Window) clients[`${version}-${name}-fetch`] = byFetch(window);
  await exercises.exerciseAll(clients);
}
process.exit();
