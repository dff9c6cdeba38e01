const api = 'https://api.example.com/v1'

async function product(id) {
  const response = await fetch(`${api}/products/${id}`)
  return response.status === 404 ? undefined : response.json()
}

async function add(name) {
  const response = await fetch(`${api}/products`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  })
  return response.json()
}

module.exports = { add, product }
