// The conversion of pact-msw-adapter, written to a file as the adapter does: `node adapter.js COUNT FILE` prints seconds.
import { writeFileSync } from 'node:fs'
import { convertMswMatchToPact } from '@pactflow/pact-msw-adapter'

const [count, file] = process.argv.slice(2)
const headers = { 'content-type': 'application/json' }
const lines = [0, 1, 2, 3].map((n) => ({ sku: `K-${n}`, price: 9.5 }))
const matches = Array.from({ length: Number(count) }, (_, number) => ({
  requestId: `request ${number}`,
  request: new Request(`https://api.example.com/v1/orders/${number}`, { headers: { accept: 'application/json' } }),
  response: new Response(JSON.stringify({ number, name: `order ${number}`, lines }), { headers })
}))
const began = performance.now()
const pact = await convertMswMatchToPact({ consumer: 'Product Site', provider: 'Product API', matches })
writeFileSync(file, JSON.stringify(pact))
console.log((performance.now() - began) / 1000)
