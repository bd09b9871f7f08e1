"""Users, sessions, tokens and the audit trail."""
