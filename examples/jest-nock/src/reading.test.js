const nock = require('nock')
const { product } = require('./products')

const api = () => nock('https://api.example.com')
afterAll(() => nock.restore())

test('reads a product', async () => {
  api().get('/v1/products/10').reply(200, { id: '10', name: 'Lamp' })
  expect(await product('10')).toEqual({ id: '10', name: 'Lamp' })
})

test('is told of what is missing', async () => {
  api().get('/v1/products/11').reply(404)
  expect(await product('11')).toBeUndefined()
})
