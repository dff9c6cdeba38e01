import { afterAll, beforeAll, expect, test } from 'vitest'
import { server } from './mocks.js'
import { add, product } from './products.js'

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterAll(() => server.close())

test('reads a product', async () => expect(await product('10')).toEqual({ id: '10', name: 'Lamp' }))
test('is told of what is missing', async () => expect(await product('11')).toBeUndefined())
test('adds a product', async () => expect(await add('Desk')).toEqual({ id: '12', name: 'Desk' }))
