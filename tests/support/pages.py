"""Every page that somebody who is signed in can look at, with the made-up workbook imported."""

PAGES = [
    "/",
    "/invoices",
    "/invoices?q=nothing-like-it&as_of=31.12.2025",
    "/invoices/1",
    "/invoices/230",
    "/invoices/new",
    "/invoices/1/edit",
    "/payments",
    "/payments/new",
    "/views",
    "/customers",
    "/customers/1",
    "/customers/1/edit",
    "/customers/1/statement",
    "/customers/new",
    "/imports",
    "/imports/1",
    "/help",
    "/components",
    "/nowhere",
]
