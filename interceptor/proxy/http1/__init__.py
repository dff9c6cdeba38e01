"""HTTP/1 on the wire: requests read, answers written."""
