"""The web application, assembled from its parts."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import bottle

from app import clock
from app.files import Files
from app.jobs.imports import ImportJobs
from app.jobs.job_queue import open_queue
from app.jobs.mails import MailJobs
from app.jobs.processes import Processes
from app.jobs.webhooks import WebhookJobs
from app.settings import AppSettings
from app.store.access.limits import open_limits
from app.store.db.current_user import acting_as
from app.web import routes
from app.web.api import problems
from app.web.api.calls import ROOT
from app.web.api.feeds import LIST_RULE, VIEW_RULE, Feeds
from app.web.api.gate import Gate, rule_of
from app.web.api.operations import operations
from app.web.api.reference import ApiReference
from app.web.auth.access_policy import AccessPolicy
from app.web.auth.browser_sessions import BrowserSessions
from app.web.auth.oidc.rechecks import Rechecks
from app.web.auth.oidc.sealed import Sealing
from app.web.auth.session_tokens import SessionTokens
from app.web.guard import Guard
from app.web.http import rendering
from app.web.http.assets import Assets
from app.web.http.client_ip import Proxies
from app.web.http.cookies import Cookies
from app.web.http.csrf import Csrf
from app.web.http.errors import NotFoundError, Refusal
from app.web.http.flashes import Flashes
from app.web.http.metrics import Metrics
from app.web.http.no_writing.disk_space import DiskSpace
from app.web.http.no_writing.read_only import ReadOnly
from app.web.http.passkeys.relying_party import RelyingParty
from app.web.http.rendering import Pages
from app.web.http.request_log import log_answer, unknown_actor
from app.web.http.security_headers import security_headers
from app.web.http.signing import derived_all
from app.web.pages.health import PATHS, HealthAnswers, Watched
from app.workbook.importing import Importer

if TYPE_CHECKING:
    from app.web.auth.oidc.provider import Provider

_STATIC = Path(__file__).parents[1] / "static"
_USUAL_PORTS = {"http": "80", "https": "443"}


def build(settings: AppSettings, now: Callable[[], datetime] = clock.utc_now) -> bottle.Bottle:
    """Return the WSGI application; the database must be open."""
    assets = Assets.of(_STATIC)
    cookies = Cookies(https=settings.public_url.startswith("https:"))
    csrf = Csrf(derived_all(settings.secret_keys, "csrf"), settings.public_url)
    flashes = Flashes(derived_all(settings.secret_keys, "flash"))
    tokens = SessionTokens.signed_with(*settings.secret_keys)
    processes = Processes.of(settings)
    disk_space, read_only = DiskSpace.by(settings), ReadOnly(processes.maintenance)
    idle = timedelta(minutes=settings.session_idle_minutes)
    pages = Pages(
        rendering.templates(assets),
        csrf,
        flashes,
        cookies,
        disk_space,
        read_only,
        idle,
        settings.oidc_name,
        bool(settings.roles_by_provider),
    )
    access_policy = AccessPolicy(
        settings.allowed_addresses,
        idle,
        settings.require_second_factor,
        settings.automation_subnet,
        settings.roles_by_provider,
    )
    limits = open_limits(settings.redis_url)
    rechecks = Rechecks(_provider(settings), Sealing.with_keys(settings.secret_keys, "provider tokens"))
    relying_party = RelyingParty.at(settings.public_url, settings.secret_keys)
    guard = Guard(now, settings.unsaved_firm, tokens, pages, access_policy, limits.throttles, rechecks, relying_party)

    browsers = BrowserSessions(tokens, cookies, timedelta(hours=settings.session_hours))

    importer = Importer(settings.data_dir, Files(settings.files_place), settings.workbook, settings.unsaved_firm, now)

    metrics, queue = Metrics.new(), open_queue(settings.redis_url)
    jobs, mails = ImportJobs(queue, importer), MailJobs.where_set_up(queue, settings, now)
    WebhookJobs.of(queue, settings, now)

    for_programs = operations(importer, jobs, settings.public_url, settings.unsaved_firm)
    gate = Gate(
        now,
        settings.unsaved_firm,
        access_policy,
        disk_space,
        read_only,
        settings.api_requests_per_minute,
        limits.token_uses,
    )
    reference = ApiReference(pages, for_programs, settings.api_requests_per_minute, access_policy)

    watched = Watched(queue, processes.jobs, processes.errors)
    health = HealthAnswers(now, disk_space, processes.heartbeat, metrics, watched)

    proxies = Proxies(settings.trusted_proxies, settings.behind_cloudfront)
    application = _Application(pages, guard, security_headers(settings), proxies, metrics)
    if not settings.is_for_this_machine:
        application.only_at(settings.public_url)
    for route in routes.pages(
        settings,
        pages,
        browsers,
        access_policy,
        importer,
        jobs,
        mails,
        reference,
        metrics,
        watched,
        processes.heartbeat,
        rechecks,
    ):
        application.route(route.path, route.method, guard.around(route))
    for route in routes.bare(assets, reference, health):
        application.route(route.path, route.method, guard.catching(route.handler))
    feeds = Feeds(now, settings.unsaved_firm, access_policy, settings.api_requests_per_minute, limits.token_uses)
    application.route(VIEW_RULE, "GET", feeds.view)
    application.route(LIST_RULE, "GET", feeds.list)
    for operation in for_programs:
        application.route(rule_of(operation), operation.method, gate.around(operation))
    return application


class _MisdirectedError(Refusal):
    status = 421
    title = "This is another site"


class _Application(bottle.Bottle):
    """Logs requests, adds our headers to every response, and renders errors like our pages."""

    def __init__(
        self, pages: Pages, guard: Guard, headers: list[tuple[str, str]], proxies: Proxies, metrics: Metrics
    ) -> None:
        super().__init__()
        self._pages = pages
        self._guard = guard
        self._headers = headers
        self._proxies = proxies
        self._metrics = metrics
        self.router.add_filter("id", lambda _: (r"[0-9]{1,9}", int, str))

    def only_at(self, public_url: str) -> None:
        site = urlsplit(public_url)

        def check() -> None:
            is_ours = _host(bottle.request.get_header("Host", ""), site.scheme) == _host(site.netloc, site.scheme)
            # Who watches asks at an internal address.
            if not is_ours and bottle.request.path not in PATHS:
                refusal = _MisdirectedError(f"This site is only found at {public_url}: please go there.")
                raise self._pages.refusal(None, refusal)

        self.add_hook("before_request", check)

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = perf_counter()
        actor = unknown_actor(environ, self._proxies)
        answered = ""

        def start(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> object:
            nonlocal answered
            answered = status
            names = {name.lower() for name, _ in headers}
            defaults = [] if "cache-control" in names else [("Cache-Control", "no-store")]
            own = [("X-Request-Id", actor.request_id), *self._headers, *defaults]
            return start_response(status, [*headers, *own], exc_info)

        with acting_as(actor):
            answer: Iterable[bytes] = super().wsgi(environ, start)
            seconds = perf_counter() - began
            log_answer(environ, answered, seconds)
            in_maintenance = self._pages.read_only.last_known is not None  # /healthz asks no database
            self._metrics.count_request(environ, answered, seconds, in_maintenance=in_maintenance)
        return answer

    def default_error_handler(self, error: bottle.HTTPError) -> str:
        """Return the page for an error that Bottle found before a handler was called."""
        if bottle.request.path.startswith(f"{ROOT}/"):
            bottle.response.content_type = problems.MEDIA_TYPE
            return problems.of_status(error.status_code)
        return str(self._guard.refused(_refusal(error.status_code)).body)


def _host(netloc: str, scheme: str) -> str:
    return netloc.lower().removesuffix(f":{_USUAL_PORTS[scheme]}")


def _refusal(status: int) -> Refusal:
    if status == 404:
        return NotFoundError("There is no page at this address.")
    if status == 405:
        return Refusal("This address cannot be used that way.")
    return Refusal("What was sent could not be understood.")


def _provider(settings: AppSettings) -> "Provider | None":
    if not settings.oidc_issuer:
        return None
    from app.web.auth.oidc.provider import Provider  # noqa: PLC0415  # 10 MB that a site without a provider saves

    return Provider.of(settings)
