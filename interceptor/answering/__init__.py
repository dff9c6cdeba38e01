"""From a handler that applies to the response: templates, fixtures, resolvers."""
