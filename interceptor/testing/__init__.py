"""For the consumer's own tests: a pytest plugin, and a client of the control address."""
