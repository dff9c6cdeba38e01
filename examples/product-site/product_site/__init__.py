"""The clients of a product site; they know nothing of the interceptor."""
