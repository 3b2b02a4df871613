"""Saved views of lists: kept, opened, renamed, shared, dropped (UX-05)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.core.errors import BadRequest, NotFound
from crm.core.policy import Door, Rule, Rules, both, reads, writes
from crm.core.views import Guarded, ServiceButtonView, ServiceFormView
from crm.identity.access import get_own_view, get_saved_view
from crm.identity.choices import LIST_PAGES, ListName, ViewDefault
from crm.identity.forms.list_looks import ListLookForm
from crm.identity.forms.saved_views import NewViewForm, ViewForm
from crm.identity.services.list_looks import keep_look, reset_look
from crm.identity.services.saved_views import drop_view, edit_view, save_view

if TYPE_CHECKING:
    from crm.identity.models import SavedView

OWN = Rule(Door.BY_GATE)


def address_of(view: "SavedView") -> str:
    """The list under this view. `view` comes last: the list reads columns and title from it."""
    query = QueryDict(view.query, mutable=True)
    query["view"] = str(view.pk)
    return f"{reverse(LIST_PAGES[view.list_name])}?{query.urlencode()}"


class OpenView(Guarded):
    """To the list; what it shows there is the reader's own (UX-05)."""

    rules: ClassVar[Rules] = reads(OWN)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return redirect(address_of(get_saved_view(self.request.user, pk)))


class _CardView(ServiceFormView):
    template_name = "identity/view_form.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.request.user}

    def get_success_url(self) -> str:
        return address_of(self.result)


class SaveView(_CardView):
    """The question of a list under a name."""

    rules: ClassVar[Rules] = both(OWN)
    form_class = NewViewForm
    success_message = _("视图已保存")
    extra_context = {"title": _("保存为视图")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Back leads to the list as it was."""
        sent = self.request.POST or self.request.GET
        page = LIST_PAGES.get(sent.get("list_name", ""), LIST_PAGES[ListName.CUSTOMERS])
        back = f"{reverse(page)}?{QueryDict(sent.get('query', '')).urlencode() or 'view=none'}"
        return super().get_context_data(back_url=back, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        asked = self.request.GET
        names = ("list_name", "query", "columns")
        return {"list_name": ListName.CUSTOMERS} | {n: asked[n] for n in names if n in asked}

    def perform(self, subject: None, form: NewViewForm) -> "SavedView":
        data = form.cleaned_data
        return save_view(
            list_name=data["list_name"],
            card=form.card(),
            query=data["query"],
            columns=[key for key in data["columns"].split(",") if key],
            by=self.request.user,
        )


class EditView(_CardView):
    """Rename, share, make it the default; nobody but the owner (B193)."""

    rules: ClassVar[Rules] = both(OWN)
    form_class = ViewForm
    success_message = _("视图已修改")
    extra_context = {"title": _("修改视图")}

    def get_subject(self) -> "SavedView":
        return get_own_view(self.request.user, self.kwargs["pk"])

    def get_initial(self) -> dict[str, Any]:
        view, default = self.subject, ViewDefault.NOBODY
        if view.is_default:
            default = ViewDefault.OWNER
        elif view.is_department_default:
            default = ViewDefault.DEPARTMENT
        return {"title": view.title, "department": view.department_id, "default": default}

    def perform(self, subject: "SavedView", form: ViewForm) -> "SavedView":
        return edit_view(view=subject, card=form.card(), by=self.request.user)


class ListLookView(Guarded):
    """Columns, their order and width, the density of a list: kept for the person (UX-06).

    Leads back to the list under the same question; an open view is left, for it has its own
    columns.
    """

    rules: ClassVar[Rules] = writes(OWN)

    def post(self, request: HttpRequest, list_name: str) -> HttpResponse:
        if list_name not in LIST_PAGES:
            raise NotFound
        form = ListLookForm(request.POST)
        if not form.is_valid():
            raise BadRequest(" ".join(text for errors in form.errors.values() for text in errors))
        if "reset" in request.POST:
            reset_look(list_name=list_name, by=self.request.user)
        else:
            keep_look(
                list_name=list_name,
                columns=form.columns(),
                widths=form.widths(),
                density=form.spacing(),
                by=self.request.user,
            )
        # Without a question of its own the list would open the default view again.
        return redirect(f"{reverse(LIST_PAGES[list_name])}?{form.back() or 'view=none'}")


class DropView(ServiceButtonView):
    rules: ClassVar[Rules] = writes(OWN)
    success_message = _("视图已删除")

    def get_subject(self) -> "SavedView":
        view = get_own_view(self.request.user, self.kwargs["pk"])
        self.list_url = reverse(LIST_PAGES[view.list_name])
        return view

    def perform(self, subject: "SavedView") -> None:
        drop_view(view=subject, by=self.request.user)

    def get_success_url(self) -> str:
        return f"{self.list_url}?view=none"
