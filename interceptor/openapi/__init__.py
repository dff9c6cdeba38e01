"""The one reader of provider documents: OpenAPI 3.0 and 3.1, Swagger 2.0."""
