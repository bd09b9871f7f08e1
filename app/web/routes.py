"""Every URL, what answers it, and who may ask: those who have the right, or anybody."""

from app.domain.permissions import Right
from app.web import health
from app.web.assets import Assets
from app.web.components import Components
from app.web.dashboard import Dashboard
from app.web.guard import LARGEST_FORM, Route
from app.web.help import Help
from app.web.imports import Imports
from app.web.invoices import Invoices
from app.web.sessions import Sessions


def pages(
    dashboard: Dashboard, invoices: Invoices, imports: Imports, sessions: Sessions, help_pages: Help
) -> tuple[Route, ...]:
    """Return the pages: each handler is given the visit."""
    return (
        Route("GET", "/", dashboard.show, Right.READ),
        Route("GET", "/invoices", invoices.index, Right.READ),
        Route("GET", "/invoices/<invoice_id:id>", invoices.show, Right.READ),
        Route("GET", "/imports", imports.index, Right.READ),
        Route("POST", "/imports", imports.create, Right.IMPORT, imports.importer.limits.file_bytes + LARGEST_FORM),
        Route("GET", "/imports/<import_id:id>", imports.show, Right.READ),
        Route("GET", "/imports/<import_id:id>/progress", imports.progress, Right.READ),
        Route("GET", "/imports/<import_id:id>/marked", imports.marked_copy, Right.IMPORT),
        Route("POST", "/imports/<import_id:id>/choices", imports.choose, Right.IMPORT),
        Route("POST", "/imports/<import_id:id>/apply", imports.apply, Right.IMPORT),
        Route("POST", "/imports/<import_id:id>/undo", imports.undo, Right.IMPORT),
        Route("POST", "/imports/<import_id:id>/discard", imports.discard, Right.IMPORT),
        Route("GET", "/export.xlsx", imports.export, Right.EXPORT),
        Route("GET", "/help", help_pages.show, Right.READ),
        Route("GET", "/sign-in", sessions.new),
        Route("POST", "/sign-in", sessions.create),
        Route("POST", "/sign-out", sessions.delete, Right.READ),
    )


def development(components: Components) -> tuple[Route, ...]:
    """Return the pages for whoever works on the app, which others do not have."""
    return (Route("GET", "/components", components.show, Right.READ),)


def bare(assets: Assets) -> tuple[Route, ...]:
    """Return what is answered without asking who it is for."""
    return (
        Route("GET", "/health", health.show),
        Route("GET", "/static/<content_hash>/<path:path>", assets.serve),
    )
