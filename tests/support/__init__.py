"""What the tests share: a real server, cores for it, HTTP helpers, the schemas."""
