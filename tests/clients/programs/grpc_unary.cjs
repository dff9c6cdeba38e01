// Unary calls of grpc-js: `grpc_unary.cjs plain|TLS METHOD...`; a method's answer or what the client shows of it.
'use strict';
const grpc = require('@grpc/grpc-js');

const [scheme, ...methods] = process.argv.slice(2);
const client =
  scheme === 'TLS'
    ? new grpc.Client('secure.client.test:443', grpc.credentials.createSsl())
    : new grpc.Client('plain.client.test:80', grpc.credentials.createInsecure());
const same = (bytes) => bytes;

async function call(method) {
  const deadline = Date.now() + 20000;
  const body = Buffer.from('\n\x0210');
  await new Promise((resolve) => {
    client.makeUnaryRequest(`/shop.Products/${method}`, same, same, body, new grpc.Metadata(), { deadline }, (error, answer) => {
      console.log(`${method}: ${error ? `${grpc.status[error.code]} ${error.details}` : JSON.stringify(answer.toString())}`);
      resolve();
    });
  });
}

(async () => {
  for (const method of methods) await call(method);
  client.close();
})();
