"""What every page and the API need of HTTP: requests, forms, cookies, rendering."""
