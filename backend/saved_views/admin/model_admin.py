"""The mixin that lets people save views of a list, and open, rename, overwrite and delete their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backend.saved_views.admin.bar import build_bar
from backend.saved_views.admin.forms import SaveForm, ViewForm
from backend.saved_views.admin.opening import describe_query, open_view
from backend.saved_views.errors import SavedViewError
from backend.saved_views.models import SavedView
from backend.saved_views.selectors import find_view, find_view_named, list_views
from backend.saved_views.services import replace_query, revise_view, save_view
from workflows.admin.lists import ListAdmin, Part
from workflows.admin.lists.address import NO_VIEW, VIEW_VAR
from workflows.admin.lists.change_list import ListChangeList

__all__ = ["SavedViewsAdmin"]

_VIEWS = "_saved_views_of_list"
"""Where a request keeps the views that were read for it."""


class SavedViewsAdmin(ListAdmin):
    """Admin with saved views; goes before ``WorkflowAdmin`` or ``ModelAdmin``.

    Whoever may look at the list saves views of it.  Each sees and changes their own alone.
    """

    class Media:
        """Styles, from static files alone."""

        css = {"all": ["saved_views/bar.css"]}

    # The list.

    def list_parts(self, request: HttpRequest, changelist: ListChangeList) -> list[Part]:
        """Show the saved views above everything else."""
        bar = build_bar(
            request,
            views=self._list_views(request),
            save_url=self._view_url("save"),
            manage_url=self._view_url("views"),
        )
        return [Part("saved_views/bar.html", bar), *super().list_parts(request, changelist)]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the list; opened without filters, as the view that opens first."""
        if request.method == "GET" and (address := self._find_opened(request)) is not None:
            return HttpResponseRedirect(address)
        return super().changelist_view(request, extra_context)

    def _find_opened(self, request: HttpRequest) -> str | None:
        """Return the address of the view that is asked for, where the address is not that of its filters yet."""
        if not self.has_view_or_change_permission(request):
            return None
        if not request.GET:
            default = next((view for view in self._list_views(request) if view.is_default), None)
            return self._open(request, default) if default is not None else None
        asked = request.GET.get(VIEW_VAR, "")
        if list(request.GET) != [VIEW_VAR] or asked == NO_VIEW:
            return None
        view = self._find(request, asked)
        if view is None:
            self.message_user(
                request, _("You have no such view: it may have been deleted."), messages.WARNING
            )
            return f"?{VIEW_VAR}={NO_VIEW}"
        return self._open(request, view) if view.query else None

    def _open(self, request: HttpRequest, view: SavedView) -> str:
        opening = open_view(view, model_admin=self, request=request)
        if opening.lost:
            text = _(
                "“%(view)s” is shown without what this list knows no more: %(lost)s.  Save it to keep it so."
            )
            words = {"view": view.name, "lost": ", ".join(opening.lost)}
            self.message_user(request, text % words, messages.WARNING)
        if list(opening.query) == [VIEW_VAR]:
            # Nothing is left of it: its own address would open it again and again.
            opening.query["p"] = "1"
        return f"?{opening.query.urlencode()}"

    # The pages.

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of saved views, before the address that catches everything."""
        asks = require_http_methods(["GET", "HEAD", "POST"])
        own = [
            self._page("views/", "views", require_safe(self.views_view)),
            self._page("views/save/", "save", require_POST(self.save_view)),
            self._page("views/<int:pk>/", "revise", asks(self.revise_view)),
            self._page("views/<int:pk>/delete/", "delete", asks(self.delete_saved_view)),
        ]
        return [*own, *super().get_urls()]

    def views_view(self, request: HttpRequest) -> HttpResponse:
        """List somebody's views of the list.  Raises: PermissionDenied when they may not see the list."""
        self._refuse_unless_seen(request)
        rows = [
            {
                "view": view,
                "words": describe_query(view.query, model_admin=self, request=request),
                "open_url": f"{self._list_url()}?{VIEW_VAR}={view.pk}",
                "revise_url": self._view_url("revise", view.pk),
                "delete_url": self._view_url("delete", view.pk),
            }
            for view in list_views(request.user, self.opts.label_lower)
        ]
        return self._render(request, "saved_views/views.html", _("Saved views"), rows=rows)

    def save_view(self, request: HttpRequest) -> HttpResponse:
        """Save what is shown under a name; of a name that there is, ask first.

        Raises: PermissionDenied when the user may not see the list.
        """
        self._refuse_unless_seen(request)
        form = SaveForm(request.POST)
        if not form.is_valid():
            return self._render(request, "saved_views/save.html", _("Save this view"), form=form, status=422)
        said = form.cleaned_data
        known = find_view_named(request.user, self.opts.label_lower, said["name"])
        if known is not None and not said["replaces"]:
            return self._ask_to_replace(request, known, said)
        try:
            view = self._write(request, known, said)
        except SavedViewError as error:
            form.add_error("name", str(error))
            return self._render(request, "saved_views/save.html", _("Save this view"), form=form, status=409)
        self.message_user(request, _("“%(view)s” is saved.") % {"view": view.name}, messages.SUCCESS)
        return HttpResponseRedirect(f"{self._list_url()}?{VIEW_VAR}={view.pk}")

    def revise_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Rename a view, or say whether it opens first.

        Raises: PermissionDenied when the user may not see the list; Http404 when the view is not theirs.
        """
        view = self._get(request, pk)
        form = ViewForm(request.POST or None, instance=view)
        if request.method == "POST" and form.is_valid():
            try:
                revise_view(view, name=form.cleaned_data["name"], is_default=form.cleaned_data["is_default"])
            except SavedViewError as error:
                form.add_error("name", str(error))
            else:
                self.message_user(request, _("“%(view)s” is saved.") % {"view": view.name}, messages.SUCCESS)
                return HttpResponseRedirect(self._view_url("views"))
        status = 422 if form.errors else 200
        return self._render(request, "saved_views/revise.html", _("Rename a view"), form=form, status=status)

    def delete_saved_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Delete a view, after asking.

        Raises: PermissionDenied when the user may not see the list; Http404 when the view is not theirs.
        """
        view = self._get(request, pk)
        if request.method != "POST":
            words = describe_query(view.query, model_admin=self, request=request)
            title = _("Delete “%(view)s”?") % {"view": view.name}
            return self._render(request, "saved_views/delete.html", title, view=view, words=words)
        view.delete()
        self.message_user(request, _("“%(view)s” is deleted.") % {"view": view.name}, messages.SUCCESS)
        return HttpResponseRedirect(self._view_url("views"))

    # What the pages are made of.

    def _write(self, request: HttpRequest, known: SavedView | None, said: dict[str, Any]) -> SavedView:
        if known is None:
            label = self.opts.label_lower
            return save_view(
                request.user, label, name=said["name"], query=said["query"], is_default=said["is_default"]
            )
        replace_query(known, said["query"])
        return known

    def _ask_to_replace(self, request: HttpRequest, known: SavedView, said: dict[str, Any]) -> HttpResponse:
        title = _("Overwrite “%(view)s”?") % {"view": known.name}
        form = SaveForm(initial={**said, "name": known.name, "replaces": True})
        return self._render(
            request,
            "saved_views/replace.html",
            title,
            form=form,
            known=known,
            before=describe_query(known.query, model_admin=self, request=request),
            after=describe_query(said["query"], model_admin=self, request=request),
            back_url=f"{self._list_url()}?{said['query']}",
        )

    def _refuse_unless_seen(self, request: HttpRequest) -> None:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied

    def _list_views(self, request: HttpRequest) -> list[SavedView]:
        """Return somebody's views of the list; they are read once for a page."""
        if not hasattr(request, _VIEWS):
            setattr(request, _VIEWS, list_views(request.user, self.opts.label_lower))
        views: list[SavedView] = getattr(request, _VIEWS)
        return views

    def _get(self, request: HttpRequest, pk: int) -> SavedView:
        self._refuse_unless_seen(request)
        view = self._find(request, str(pk))
        if view is None:
            raise Http404(_("You have no such view."))
        return view

    def _find(self, request: HttpRequest, words: str) -> SavedView | None:
        is_key = words.isascii() and words.isdecimal() and len(words) <= 18
        return find_view(request.user, self.opts.label_lower, int(words)) if is_key else None

    def _page(self, address: str, name: str, view: Callable[..., HttpResponse]) -> URLPattern:
        return path(address, self.admin_site.admin_view(view), name=self._url_name(name))

    def _url_name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_saved_views_{page}"

    def _view_url(self, page: str, *args: Any) -> str:
        return reverse(f"admin:{self._url_name(page)}", args=args, current_app=self.admin_site.name)

    def _list_url(self) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
        return reverse(name, current_app=self.admin_site.name)

    def _render(
        self, request: HttpRequest, template: str, title: str, *, status: int = 200, **shown: Any
    ) -> TemplateResponse:
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "media": self.media,
            "list_url": f"{self._list_url()}?{VIEW_VAR}={NO_VIEW}",
            "views_url": self._view_url("views"),
            "save_url": self._view_url("save"),
            **shown,
        }
        return TemplateResponse(request, template, context, status=status)
