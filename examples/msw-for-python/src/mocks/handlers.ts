import { http, HttpResponse } from 'msw'

interface Product {
  id: string
  name: string
}

const api = 'https://api.example.com/v1'
const products: Product[] = [{ id: '10', name: 'Lamp' }]

export const handlers = [
  http.get(`${api}/products/:id`, ({ params }) => {
    const found = products.find((each) => each.id === params.id)
    return found ? HttpResponse.json(found) : new HttpResponse(null, { status: 404 })
  }),
  http.post(`${api}/products`, async ({ request }) => {
    const { name } = (await request.json()) as Product
    return HttpResponse.json({ id: '12', name }, { status: 201 })
  }),
]
