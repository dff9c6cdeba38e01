// @vitest-environment jsdom
import { afterAll, beforeAll, expect, test } from 'vitest'
import { server } from './mocks.js'
import { product } from './products.js'

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterAll(() => server.close())

test('reads a product', async () => expect(await product('10')).toEqual({ id: '10', name: 'Lamp' }))
test('is told of what is missing', async () => expect(await product('11')).toBeUndefined())
test('runs in a document', () => expect(document.title).toBe(''))
