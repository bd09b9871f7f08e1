"""The database: tables, connections, caching."""
