"""The API for programs, authenticated by tokens, under /api/v1."""
