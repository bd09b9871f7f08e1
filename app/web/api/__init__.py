"""The API: what programs ask for with a token, under /api/v1."""
