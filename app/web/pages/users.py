"""Users: who may sign in, as what, and what they see; for those who administer."""

from dataclasses import dataclass

from bottle import HTTPResponse

from app.actions import passwords, second_factors, sign_in
from app.actions import users as user_actions
from app.actions.credentials import passkeys as passkey_actions
from app.actions.users import LastAdminError, UserFacts
from app.domain.permissions import EVERYTHING, Role
from app.jobs.mails import MailJobs
from app.store.access import api_tokens, passkeys, users
from app.store.access.one_time_links import Purpose
from app.store.access.users import EmailTakenError, User
from app.store.ledger import customer_choice, customers, invoices
from app.web.auth import scopes
from app.web.auth.access_policy import AccessPolicy
from app.web.auth.remaining_tokens import those_that_count
from app.web.http.errors import ConflictError
from app.web.http.forms import Form
from app.web.http.rendering import Pages
from app.web.http.request_context import RequestContext

_KEPT_OUT = "{} is signed out and may no longer sign in; passkeys, tokens and links of theirs no longer count."


@dataclass(frozen=True, slots=True)
class Users:
    pages: Pages
    public_url: str
    mails: MailJobs | None
    access_policy: AccessPolicy

    def index(self, context: RequestContext) -> HTTPResponse:
        everybody = users.all_users()
        return self.pages.show(
            context,
            "users/index.html",
            users=everybody,
            sees={user.id: scopes.described(user.scope) for user in everybody},
            last_seen=users.last_seen(),
        )

    def new(self, context: RequestContext, fields: Form | None = None) -> HTTPResponse:
        return self._form(context, fields or Form({}))

    def create(self, context: RequestContext) -> HTTPResponse:
        fields = Form(context.form)
        email = fields.text("email", required=True)
        if email and "@" not in email.strip("@"):
            fields.errors["email"] = "Please write an e-mail address."
        facts = _facts(fields)
        if facts is not None:
            with fields.refusal_at("email", EmailTakenError):
                by_mail = self.mails is not None and fields.checked("by_mail")
                user = user_actions.invite(email, facts, context.user, context.now, by_mail=by_mail)
                return self._invited(context, user, by_mail=by_mail)
        return self._form(context, fields)

    def show(self, context: RequestContext, user_id: int, fields: Form | None = None) -> HTTPResponse:
        return self._form(context, fields or Form({}), users.existing(user_id))

    def ask_again(self, context: RequestContext, user_id: int, fields: Form) -> HTTPResponse:
        """Show the page again for one of the actions beside its form; `fields` are those of the action."""
        return self._form(context, Form({}), users.existing(user_id), action_fields=fields, status=422)

    def ask_again_about_passkey(
        self, context: RequestContext, user_id: int, passkey_id: int, fields: Form
    ) -> HTTPResponse:
        """Raise MissingError if the user has no such passkey."""
        passkeys.existing(user_id, passkey_id)
        return self.ask_again(context, user_id, fields)

    def update(self, context: RequestContext, user_id: int) -> HTTPResponse:
        user, fields = users.existing(user_id), Form(context.form)
        facts = _facts(fields)
        if facts is None:
            return self._form(context, fields, user)
        try:
            changed = user_actions.change(user_id, facts, context.user, context.now)
        except LastAdminError as error:
            fields.errors["role" if facts.role is not Role.ADMIN else "sees"] = str(error)
            return self._form(context, fields, user, status=409)
        flash = f"{user.email} was changed." if changed else "Nothing was different."
        return self.pages.redirect(context, "/users", flash=flash)

    def deactivate(self, context: RequestContext, user_id: int) -> HTTPResponse:
        user = users.existing(user_id)
        try:
            user_actions.deactivate(user_id, context.user, context.now)
        except LastAdminError as error:
            fields = Form({})
            fields.errors["active"] = str(error)
            return self._form(context, fields, user, status=409)
        return self.pages.redirect(context, "/users", flash=_KEPT_OUT.format(user.email))

    def activate(self, context: RequestContext, user_id: int) -> HTTPResponse:
        user = users.existing(user_id)
        user_actions.activate(user_id, context.user, context.now)
        return self.pages.redirect(context, "/users", flash=f"{user.email} may sign in again.")

    def make_link(self, context: RequestContext, user_id: int) -> HTTPResponse:
        user = users.existing(user_id)
        if self.access_policy.must_use_provider(user):
            raise ConflictError(f"{user.email} signs in by {self.pages.provider_name}, and needs no password here.")
        return self._link(context, user, Purpose.RESET if users.has_password(user_id) else Purpose.INVITE)

    def reset_second_factor(self, context: RequestContext, user_id: int) -> HTTPResponse:
        user = users.existing(user_id)
        second_factors.reset(user_id, context.user, context.now)
        still = those_that_count(user_id, context.now, "revoke on the page of tokens what may be in wrong hands.")
        flash = (
            f"{user.email} has no second factor and no passkeys any more, and is signed out everywhere. {still}".strip()
        )
        return self.pages.redirect(context, f"/users/{user_id}", flash=flash)

    def remove_passkey(self, context: RequestContext, user_id: int, passkey_id: int) -> HTTPResponse:
        user = users.existing(user_id)
        passkey_actions.remove_lost(user_id, passkey_id, context.user, context.now)
        flash = f"That passkey no longer signs {user.email} in, who is signed out everywhere."
        return self.pages.redirect(context, f"/users/{user_id}", flash=flash)

    def unlink_provider(self, context: RequestContext, user_id: int) -> HTTPResponse:
        user = users.existing(user_id)
        sign_in.unlink_account(user_id, context.user, context.now)
        flash = f"{user.email} is signed out; the next sign-in by {self.pages.provider_name} links an account again."
        return self.pages.redirect(context, f"/users/{user_id}", flash=flash)

    def _invited(self, context: RequestContext, user: User, *, by_mail: bool) -> HTTPResponse:
        if self.mails and by_mail:
            self.mails.send_links()
            return self.pages.redirect(context, "/users", flash=f"An invitation is on its way to {user.email}.")
        if not self.access_policy.must_use_provider(user):
            return self._link(context, user, Purpose.INVITE)
        flash = f"{user.email} may now sign in by {self.pages.provider_name} at {self.public_url}: tell them so."
        return self.pages.redirect(context, "/users", flash=flash)

    def _link(self, context: RequestContext, user: User, purpose: Purpose) -> HTTPResponse:
        token = passwords.make_link(user.id, purpose, context.user, context.now)
        link = f"{self.public_url}/set-password?token={token}"
        return self.pages.show(context, "users/link.html", invited=user, purpose=purpose, link=link)

    def _form(
        self,
        context: RequestContext,
        fields: Form,
        user: User | None = None,
        *,
        action_fields: Form | None = None,
        status: int | None = None,
    ) -> HTTPResponse:
        scope = user.scope if user else EVERYTHING
        ledgers = sorted({*invoices.ledgers(), *scope.ledgers})
        return self.pages.show(
            context,
            "users/form.html",
            status=status,
            fields=fields,
            nothing=Form({}),
            action_fields=action_fields,
            shown=user,
            tokens=len(api_tokens.good_ones_of(user.id, context.now)) if user else 0,
            roles=[(role.value, role.value.capitalize()) for role in Role],
            scope=scope,
            ledgers=ledgers,
            customers=customer_choice.all_choices(),
            new_customers=scopes.NEW_CUSTOMERS,
            has_mail=self.mails is not None,
            names=customers.names(scope.customers),
            may_have_password=user is not None and not self.access_policy.must_use_provider(user),
            has_provider_account=user is not None and users.provider_account_of(user.id) is not None,
            passkeys=passkeys.of_user(user.id) if user else [],
            last_seen=users.last_seen().get(user.id) if user else None,
        )


def _facts(fields: Form) -> UserFacts | None:
    name = fields.text("name")
    role = fields.choice("role", Role)
    if role is None:
        fields.errors.setdefault("role", "Please choose a role.")
    scope = scopes.chosen(fields)
    return None if fields.errors or role is None else UserFacts(name, role, scope)
