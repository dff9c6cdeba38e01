const express = require("express");
const { PRODUCTS, states } = require("./product_api_states.js");

const app = express();
app.use(states);
app.get("/products/:product", (request, response) => {
  const found = PRODUCTS[request.params.product];
  response.status(found ? 200 : 404).json(found ?? { error: "no product" });
});
app.listen(Number(process.argv[2]), "127.0.0.1");
