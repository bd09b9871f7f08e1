"""HTTP of the pages and the API: requests, forms, cookies, rendering."""
