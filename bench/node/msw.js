// MSW's handlers behind its own Express middleware: `node msw.js PORT TLS_PORT CERTIFICATE ANSWER`.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { createServer as createApp } from '@mswjs/http-middleware'
import { http, HttpResponse } from 'msw'

const [port, tlsPort, certificate, answer] = process.argv.slice(2)
const headers = { 'content-type': 'application/json' }
const app = createApp(http.get('*/products/10', () => new HttpResponse(answer, { headers })))
app.listen(Number(port), '127.0.0.1')
const pem = readFileSync(certificate)
createServer({ cert: pem, key: pem }, app).listen(Number(tlsPort), '127.0.0.1')
