// Clients within a made-up browser, which bring connections of their own.
import { JSDOM } from 'jsdom';
import { Window } from 'happy-dom';

import exercises from './exercise.cjs';

const version = process.argv[2];

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

const { window } = new JSDOM('', { url: 'http://localhost/' });
const happy = new Window({ url: 'http://localhost/' });
const byFetch = async (method, url, body) => {
  const headers = body ? { 'content-type': 'application/json' } : {};
  const response = await happy.fetch(url, { method, body, headers });
  return { status: response.status, text: await response.text() };
};

await exercises.exerciseAll({
  [`${version}-jsdom-xhr`]: byXhr(window.XMLHttpRequest),
  [`${version}-happy-dom-xhr`]: byXhr(happy.XMLHttpRequest),
  [`${version}-happy-dom-fetch`]: byFetch,
});
process.exit();
