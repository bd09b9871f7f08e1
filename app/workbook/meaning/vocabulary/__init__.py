"""Words and currency signs: what headings, statuses and types of documents can mean."""
