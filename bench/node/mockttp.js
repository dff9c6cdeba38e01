// mockttp as a proxy: `node mockttp.js PORT ANSWER`.
import { generateCACertificate, getLocal } from 'mockttp'

const [port, answer] = process.argv.slice(2)
const server = getLocal({ https: await generateCACertificate() })
await server.start(Number(port))
const headers = { 'content-type': 'application/json', 'content-length': String(answer.length) }
for (const scheme of ['http', 'https']) {
  await server.forGet(`${scheme}://api.example.com/products/10`).thenReply(200, answer, headers)
}
