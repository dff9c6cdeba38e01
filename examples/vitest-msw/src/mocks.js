import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'

const api = 'https://api.example.com/v1'

export const server = setupServer(
  http.get(`${api}/products/:id`, ({ params }) =>
    params.id === '10' ? HttpResponse.json({ id: '10', name: 'Lamp' }) : new HttpResponse(null, { status: 404 }),
  ),
  http.post(`${api}/products`, async ({ request }) =>
    HttpResponse.json({ id: '12', ...(await request.json()) }, { status: 201 }),
  ),
)
