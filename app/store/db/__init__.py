"""The database: models, connections, transactions, caching."""
