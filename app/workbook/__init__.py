"""Excel in and out: reading, mapping, checking, difference, applying, exporting."""
