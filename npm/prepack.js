// Copies what the Python package has too, so that it stands once in the repository.
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
fs.mkdirSync(path.join(__dirname, 'preload'), { recursive: true });
for (const name of ['interceptor.cjs', 'observe.cjs']) {
  fs.copyFileSync(path.join(root, 'interceptor/run/reach/preload', name), path.join(__dirname, 'preload', name));
}
fs.copyFileSync(path.join(root, 'LICENSE'), path.join(__dirname, 'LICENSE'));
