"""Every page that somebody who is signed in can look at, with the made-up workbook imported."""

PAGES = [
    "/",
    "/invoices",
    "/invoices?q=nothing-like-it&as_of=31.12.2025",
    "/invoices/1",
    "/imports",
    "/imports/1",
    "/help",
    "/components",
    "/nowhere",
]
