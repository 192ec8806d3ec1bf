"""The page of one transition: it asks what must be known first, and runs it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from workflows import refusals
from workflows.actors import Channel, acting
from workflows.admin.forms import ArgumentForm, SeenForm
from workflows.engine import Call
from workflows.errors import (
    ObjectGone,
    StaleState,
    TransitionBlocked,
    TransitionForbidden,
    TransitionNotPossible,
    TransitionRefused,
)
from workflows.explanation import Availability, Explanation, explain
from workflows.guards import Check
from workflows.machine import State, Transition
from workflows.models import WorkflowModel
from workflows.registry import declarations_of, machine_of

if TYPE_CHECKING:
    from workflows.admin.model_admin import WorkflowAdmin

__all__ = ["Question", "transition_view"]


@dataclass(frozen=True, slots=True)
class Question:
    """What the page says before a transition runs.

    ``refusal`` is why it cannot be run from here at all, "" when it can.  ``ends`` it: the target is closed.
    """

    transition: Transition
    source: State
    target: State
    checks: tuple[Check, ...]
    ends: bool
    refusal: str
    version: int
    form: ArgumentForm | None

    @property
    def has_failed(self) -> bool:
        """Return whether a check does not hold."""
        return any(not check.holds for check in self.checks)


def transition_view(
    model_admin: WorkflowAdmin, request: HttpRequest, object_id: str, name: str
) -> HttpResponseBase:
    """Answer the page of a transition: GET asks, POST runs it and leads back to the object.

    Raises: Http404 when there is no such object or transition; PermissionDenied when it may not be viewed.
    """
    instance = model_admin.get_object(request, unquote(object_id))
    if instance is None:
        raise Http404(_("There is no such object."))
    if not model_admin.has_view_or_change_permission(request, instance):
        raise PermissionDenied
    model: type[WorkflowModel] = model_admin.model
    if name not in declarations_of(model):
        raise Http404(_("There is no such transition."))
    page = _Page(model_admin, request, instance, machine_of(model).transition(name))
    with acting(by=page.user, channel=Channel.ADMIN):
        return page.run() if request.method == "POST" else page.ask()


@dataclass(frozen=True, slots=True)
class _Page:
    """One request for one transition of one object."""

    model_admin: WorkflowAdmin
    request: HttpRequest
    instance: WorkflowModel
    transition: Transition

    def ask(self) -> HttpResponseBase:
        """Show what will happen and ask for the arguments."""
        refusal = self._refuse_stale(self._seen(self.request.GET))
        explanation = self._explain()
        if refusal or explanation is None:
            return self._back(refusal or self._not_possible(self.instance.state), messages.ERROR)
        return self._show(explanation)

    def run(self) -> HttpResponseBase:
        """Run it as it was asked for, or say why not.

        What the engine asks under the lock is asked here too, before complaints about arguments.
        """
        seen = self._seen(self.request.POST)
        refusal = self._refuse_stale(seen)
        explanation = self._explain()
        if refusal or explanation is None:
            return self._back(refusal or self._not_possible(self.instance.state), messages.ERROR)
        if explanation.availability is Availability.FORBIDDEN:
            return self._show(explanation)
        form = self._form(explanation, data=self.request.POST)
        if form and not form.is_valid():
            return self._show(explanation, form=form, status=422)
        return self._run(explanation, form, seen)

    def _seen(self, given: QueryDict) -> dict[str, Any]:
        """Return what the page showed when it was opened.  Raises: BadRequest when it cannot be read."""
        form = SeenForm(given)
        if not form.is_valid():
            raise BadRequest("The state or the version that the page showed cannot be read.")
        return form.cleaned_data

    def _refuse_stale(self, seen: dict[str, Any]) -> str:
        """Return what to say when the object has moved on meanwhile, "" when it has not."""
        declaration = declarations_of(type(self.instance))[self.transition.name]
        try:
            refusals.refuse_stale(self.instance, Call(declaration, self.user, {}, **seen))
        except StaleState as refusal:
            return str(refusal)
        return ""

    @property
    def user(self) -> AbstractBaseUser:
        """Return who asks: ``admin_view`` lets nobody in without a login."""
        return cast(AbstractBaseUser, self.request.user)

    def _run(
        self, explanation: Explanation, form: ArgumentForm | None, seen: dict[str, Any]
    ) -> HttpResponseBase:
        source = self.instance.state
        try:
            getattr(self.instance, self.transition.name)(
                by=self.user, **seen, **(form.given() if form else {})
            )
        except TransitionBlocked as refusal:
            return self._blocked(refusal, explanation, form)
        except TransitionRefused as refusal:
            return self._refused(refusal)
        done = f"{self.transition.label}: {self._label(source)} → {self._label(self.instance.state)}"
        # Django's own history beside the audit log; after the commit, so that the engine may try again.
        self.model_admin.log_change(self.request, self.instance, done)
        whose = f"{self.instance}: " if self._is_from_elsewhere else ""
        return self._back(f"{whose}{done}.", messages.SUCCESS)

    def _blocked(
        self, refusal: TransitionBlocked, explanation: Explanation, form: ArgumentForm | None
    ) -> HttpResponseBase:
        """Say all reasons; where arguments were given, beside them, so that they are not typed again."""
        if form is None or not form.fields:
            reasons = " ".join(check.message for check in refusal.reasons)
            return self._back(_("%s is blocked.") % self.transition.label + f" {reasons}", messages.ERROR)
        form = self._ask_for_consents(refusal, explanation) or form
        needs = {guard.code: guard.needs for guard in self.transition.guards}
        for check in refusal.reasons:
            names = (check.lifted_by, *needs.get(check.code, ()))
            field = next((name for name in names if name in form.fields), None)
            form.add_error(field, check.message)
        return self._show(explanation, form=form, status=409)

    def _ask_for_consents(self, refusal: TransitionBlocked, explanation: Explanation) -> ArgumentForm | None:
        """Return the form with the consents that would lift the refusal; None when there is none to ask for.

        A guard that needs arguments was not judged before they were given.
        """
        lifting = {check.lifted_by for check in refusal.reasons if check.lifted_by}
        if not lifting:
            return None
        judged = dataclasses.replace(explanation, checks=(*explanation.checks, *refusal.reasons))
        form = self._form(judged, data=self.request.POST)
        assert form is not None
        for name in lifting & set(form.errors):
            del form.errors[name]  # it was not asked for until now
        return form

    def _refused(self, refusal: TransitionRefused) -> HttpResponseBase:
        if isinstance(refusal, TransitionForbidden):
            raise PermissionDenied(refusal.reasons[0].message)
        if isinstance(refusal, ObjectGone):
            raise Http404(_("There is no such object."))
        if isinstance(refusal, TransitionNotPossible):
            return self._back(self._not_possible(refusal.state), messages.ERROR)
        return self._back(str(refusal), messages.ERROR)

    def _explain(self) -> Explanation | None:
        explanations = explain(self.instance, by=self.user)
        return next((e for e in explanations if e.transition.name == self.transition.name), None)

    def _form(self, explanation: Explanation, *, data: Any = None) -> ArgumentForm | None:
        if not self.transition.arguments or explanation.availability is Availability.FORBIDDEN:
            return None
        return self.model_admin.get_argument_form(self.request, self.instance, explanation, data=data)

    def _show(
        self, explanation: Explanation, *, form: ArgumentForm | None = None, status: int = 200
    ) -> TemplateResponse:
        machine = machine_of(type(self.instance))
        is_forbidden = explanation.availability is Availability.FORBIDDEN
        is_blocked = explanation.availability is Availability.BLOCKED and not explanation.can_be_lifted
        refusal = explanation.failed[0].message if is_forbidden else _("Not now.") if is_blocked else ""
        target = machine.state(explanation.target)
        question = Question(
            transition=self.transition,
            source=machine.state(explanation.source),
            target=target,
            checks=() if is_forbidden else explanation.checks,
            ends=not target.is_open,
            refusal=refusal,
            version=self.instance.version,
            form=None if refusal else form or self._form(explanation),
        )
        return self._render(question, status=403 if is_forbidden else status)

    def _render(self, question: Question, *, status: int) -> TemplateResponse:
        admin = self.model_admin
        asks = question.form is not None
        context = {
            **admin.admin_site.each_context(self.request),
            "title": _("%(transition)s: %(object)s")
            % {"transition": self.transition.label, "object": self.instance},
            "question": question,
            "action_url": self.request.get_full_path(),
            "back_url": self._back_url,
            "opts": admin.opts,
            "original": self.instance,
            "media": admin.media,
            **(admin.question_context(self.request, self.instance, self.transition) if asks else {}),
        }
        self.request.current_app = admin.admin_site.name
        template = "workflows/admin/transition.html"
        if asks:
            template = admin.question_templates.get(self.transition.name, template)
        return TemplateResponse(self.request, template, context, status=status)

    def _label(self, state: str) -> str:
        return str(machine_of(type(self.instance)).state(state).label)

    def _not_possible(self, state: str) -> str:
        return _("“%(transition)s” is not possible: %(object)s is %(state)s.") % {
            "transition": self.transition.label,
            "object": self.instance,
            "state": self._label(state),
        }

    def _back(self, message: str, level: int) -> HttpResponseRedirect:
        self.model_admin.message_user(self.request, message, level)
        return HttpResponseRedirect(self._back_url)

    @property
    def _back_url(self) -> str:
        """Return where one came from: the page of another object that shows this one, or the object's own."""
        if self._is_from_elsewhere:
            return self.request.GET["next"]
        return self.model_admin.change_url(self.request, self.instance)

    @property
    def _is_from_elsewhere(self) -> bool:
        """Return whether a page of this site said that one comes back to it."""
        return url_has_allowed_host_and_scheme(self.request.GET.get("next", ""), allowed_hosts=None)
