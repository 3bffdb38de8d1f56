"""The vendored OpenAPI specs: requests are checked against them, with what OpenAPI cannot say."""
