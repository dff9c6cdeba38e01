const nock = require('nock')
const { add } = require('./products')

const api = () => nock('https://api.example.com')
afterAll(() => nock.restore())

test('adds a product', async () => {
  api().post('/v1/products', { name: 'Desk' }).reply(201, { id: '12', name: 'Desk' })
  expect(await add('Desk')).toEqual({ id: '12', name: 'Desk' })
})
