"""客户经理管理: list, add, edit, view (R-44), kept by the marketing clerk (R-30)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from crm.core.paging import keyset
from crm.core.policy import Rule, Rules, both, reads
from crm.core.versions import ConflictRow, conflict_rows
from crm.core.views import GatedPage, ServiceFormView, known_parameters
from crm.identity.access import ensure_may, get_manager, managers_for, may
from crm.identity.choices import IdentityPerm
from crm.identity.forms.managers import ManagerEditForm, ManagerForm, NewManagerForm
from crm.identity.forms.people import ReasonForm
from crm.identity.selectors import card_of
from crm.identity.services.managers import FIELDS, edit_manager, record_manager, retire_manager

if TYPE_CHECKING:
    from crm.identity.models import AccountManager

ORDER = ("user__name", "pk")


class ManagersView(GatedPage):
    rules: ClassVar[Rules] = reads(Rule(IdentityPerm.MANAGERS_VIEW))
    template_name = "identity/managers.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, {"q", "page"})
        user, ask = self.request.user, self.request.GET
        ensure_may(user, IdentityPerm.MANAGERS_VIEW)
        gate = managers_for(user, IdentityPerm.MANAGERS_VIEW).select_related("user__department")
        page = keyset(gate.named(ask.get("q", "")), order=ORDER, token=ask.get("page", ""))
        return super().get_context_data(
            page=page,
            cards=[card_of(user, manager) for manager in page.rows],
            q=ask.get("q", ""),
            may_add=may(user, IdentityPerm.MANAGERS_CREATE),
            **kwargs,
        )


class ManagerView(GatedPage):
    rules: ClassVar[Rules] = reads(Rule(IdentityPerm.MANAGERS_VIEW))
    template_name = "identity/manager.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        manager = get_manager(user, IdentityPerm.MANAGERS_VIEW, self.kwargs["pk"])
        return super().get_context_data(
            card=card_of(user, manager),
            may_edit=may(user, IdentityPerm.MANAGERS_UPDATE),
            may_retire=may(user, IdentityPerm.MANAGERS_DELETE) and manager.is_live,
            **kwargs,
        )


class _ManagerPage(ServiceFormView):
    perm: ClassVar[IdentityPerm]
    template_name = "identity/manager_form.html"
    title: ClassVar[Any] = ""

    def get_subject(self) -> "AccountManager":
        return get_manager(self.request.user, self.perm, self.kwargs["pk"])

    def get_success_url(self) -> str:
        return reverse("identity:manager", args=[self.result.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=self.title, **kwargs)


class NewManagerView(_ManagerPage):
    rules: ClassVar[Rules] = both(Rule(IdentityPerm.MANAGERS_CREATE))
    form_class = NewManagerForm
    title = _("新增客户经理")
    success_message = _("已新增")

    def get_subject(self) -> None:  # type: ignore[override]
        ensure_may(self.request.user, IdentityPerm.MANAGERS_CREATE)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"by": self.request.user}

    def perform(self, subject: None, form: NewManagerForm) -> "AccountManager":
        person = form.cleaned_data["user"]
        return record_manager(user=person, card=form.card(), by=self.request.user)


class EditManagerView(_ManagerPage):
    rules: ClassVar[Rules] = both(Rule(IdentityPerm.MANAGERS_UPDATE))
    perm = IdentityPerm.MANAGERS_UPDATE
    form_class = ManagerEditForm
    title = _("修改客户经理")
    success_message = _("已保存")

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.subject, name) for name in (*FIELDS, "version")}

    def perform(self, subject: "AccountManager", form: ManagerEditForm) -> "AccountManager":
        expected = form.cleaned_data["version"]
        return edit_manager(
            manager=subject, card=form.card(), expected=expected, by=self.request.user
        )

    def get_conflict(self, subject: "AccountManager", form: ManagerForm) -> list[ConflictRow]:
        mine = {name: form.cleaned_data[name] for name in FIELDS}
        return conflict_rows(subject, base_version=form.cleaned_data["version"], mine=mine)


class RetireManagerView(_ManagerPage):
    rules: ClassVar[Rules] = both(Rule(IdentityPerm.MANAGERS_DELETE))
    perm = IdentityPerm.MANAGERS_DELETE
    form_class = ReasonForm
    title = _("客户经理离岗")
    success_message = _("已设为离岗")
    success_url = reverse_lazy("identity:managers")

    def perform(self, subject: "AccountManager", form: ReasonForm) -> "AccountManager":
        reason = form.cleaned_data["reason"]
        return retire_manager(manager=subject, reason=reason, by=self.request.user)
