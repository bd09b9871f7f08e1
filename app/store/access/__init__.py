"""Users, sessions, API tokens, throttling and the audit trail."""
