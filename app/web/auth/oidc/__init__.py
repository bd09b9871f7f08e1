"""Signing in by an OpenID Connect provider: discovery, tokens, sign-in, and the checks of a session afterwards."""
