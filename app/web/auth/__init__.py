"""Sessions, second factors, passwords, and the access policy."""
