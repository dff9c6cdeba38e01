"""HTTP/1 on the wire: reads requests and writes responses."""
