"""The API with a route for provider states, which production must not have."""

from product_api import app
from product_api_states import states

app.include_router(states)
