"""What became of the requests: noted, counted, and told to the tests that ask."""
