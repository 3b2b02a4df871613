"""Pages of logistics firms (R-45 to R-49)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from crm.core.errors import Forbidden
from crm.core.policy import Rule, Rules, both, reads
from crm.core.selectors import timeline_of
from crm.core.versions import ConflictRow, conflict_rows
from crm.core.views import GatedPage, ServiceFormView
from crm.identity.access import ensure_may, may
from crm.identity.choices import ListName
from logistics.access import firms_for, get_firm, may_export_firms, offices_for
from logistics.choices import LogisticsPerm
from logistics.columns import FIRM_COLUMNS
from logistics.forms import BranchForm, FirmEditForm, FirmFilterForm, HeadOfficeForm, OfficeForm
from logistics.services.firms import edit_firm, give_firm, register_branch, register_head_office
from logistics.views.lists import FilteredList

if TYPE_CHECKING:
    from logistics.models import LogisticsFirm, LogisticsFirmQuerySet


class FirmListView(FilteredList):
    rules: ClassVar[Rules] = reads(Rule(LogisticsPerm.VIEW))
    filter_form = FirmFilterForm
    columns = FIRM_COLUMNS
    url_name, row_url_name = "logistics:firms", "logistics:firm"
    add_url_name = "logistics:firm-add"
    list_name = ListName.FIRMS
    extra_context = {"add_label": _("登记总部")}

    def get_export_url(self) -> str:
        return reverse("logistics:firms-export") if may_export_firms(self.request.user) else ""

    def get_rows(self, filters: dict[str, str]) -> "LogisticsFirmQuerySet":
        ensure_may(self.request.user, LogisticsPerm.VIEW)
        return firms_for(self.request.user, LogisticsPerm.VIEW).matching(**filters)


class FirmView(GatedPage):
    rules: ClassVar[Rules] = reads(Rule(LogisticsPerm.VIEW))
    template_name = "logistics/firm_detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        firm = get_firm(user, LogisticsPerm.VIEW, self.kwargs["pk"])
        return super().get_context_data(
            firm=firm,
            branches=firm.branches.order_by("city"),
            history=timeline_of(firm),
            may_create=may(self.request.user, LogisticsPerm.CREATE),
            may_update=firms_for(user, LogisticsPerm.UPDATE).filter(pk=firm.pk).exists(),
            may_give=offices_for(user).exists(),
            **kwargs,
        )


class FirmAddView(ServiceFormView):
    rules: ClassVar[Rules] = both(Rule(LogisticsPerm.CREATE))
    form_class = HeadOfficeForm
    template_name = "logistics/firm_form.html"
    success_message = _("物流公司已登记")
    extra_context = {"heading": _("登记物流公司总部")}

    def get_subject(self) -> None:
        ensure_may(self.request.user, LogisticsPerm.CREATE)

    def perform(self, subject: None, form: HeadOfficeForm) -> "LogisticsFirm":
        return register_head_office(
            name=form.cleaned_data["name"],
            short_name=form.cleaned_data["short_name"],
            city=form.cleaned_data["city"],
            details=form.details(),
            by=self.request.user,
        )

    def get_success_url(self) -> str:
        return reverse("logistics:firm", args=[self.result.pk])


class BranchAddView(ServiceFormView):
    rules: ClassVar[Rules] = both(Rule(LogisticsPerm.CREATE))
    form_class = BranchForm
    template_name = "logistics/firm_form.html"
    success_message = _("分支机构已登记")
    extra_context = {"heading": _("登记分支机构")}

    def get_subject(self) -> "LogisticsFirm":
        """Any head office that is seen: an assistant hangs his office's branch on it (R-48)."""
        head = get_firm(self.request.user, LogisticsPerm.VIEW, self.kwargs["pk"])
        ensure_may(self.request.user, LogisticsPerm.CREATE)
        return head

    def perform(self, subject: "LogisticsFirm", form: BranchForm) -> "LogisticsFirm":
        return register_branch(
            parent=subject,
            city=form.cleaned_data["city"],
            details=form.details(),
            by=self.request.user,
        )

    def get_success_url(self) -> str:
        return reverse("logistics:firm", args=[self.result.pk])


class FirmOfficeView(ServiceFormView):
    """Which office's assistant keeps the firm, in the clerk's word (R-48)."""

    rules: ClassVar[Rules] = both(Rule(LogisticsPerm.UPDATE))
    form_class = OfficeForm
    template_name = "logistics/firm_form.html"
    success_message = _("维护办事处已指定")
    extra_context = {"heading": _("指定维护办事处")}

    def get_subject(self) -> "LogisticsFirm":
        firm = get_firm(self.request.user, LogisticsPerm.UPDATE, self.kwargs["pk"])
        if not offices_for(self.request.user).exists():
            raise Forbidden
        return firm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"offices": offices_for(self.request.user)}

    def get_initial(self) -> dict[str, Any]:
        return {"office": self.subject.office_id, "version": self.subject.version}

    def perform(self, subject: "LogisticsFirm", form: OfficeForm) -> "LogisticsFirm":
        return give_firm(
            firm=subject,
            office=form.cleaned_data["office"],
            expected=form.cleaned_data["version"],
            by=self.request.user,
        )

    def get_success_url(self) -> str:
        return reverse("logistics:firm", args=[self.subject.pk])


class FirmEditView(ServiceFormView):
    rules: ClassVar[Rules] = both(Rule(LogisticsPerm.UPDATE))
    form_class = FirmEditForm
    template_name = "logistics/firm_form.html"
    success_message = _("修改已保存")
    extra_context = {"heading": _("修改物流公司")}

    def get_subject(self) -> "LogisticsFirm":
        return get_firm(self.request.user, LogisticsPerm.UPDATE, self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "kind": self.subject.kind}

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.subject, name) for name in self.shown}

    @cached_property
    def shown(self) -> tuple[str, ...]:
        return tuple(FirmEditForm.base_fields)

    def perform(self, subject: "LogisticsFirm", form: FirmEditForm) -> "LogisticsFirm":
        return edit_firm(
            firm=subject,
            name=form.cleaned_data.get("name", ""),
            details=form.details(),
            is_live=form.cleaned_data["is_live"],
            expected=form.cleaned_data["version"],
            by=self.request.user,
        )

    def get_conflict(self, subject: "LogisticsFirm", form: FirmEditForm) -> list[ConflictRow]:
        mine = {k: v for k, v in form.cleaned_data.items() if k != "version"}
        return conflict_rows(subject, base_version=form.cleaned_data["version"], mine=mine)

    def get_success_url(self) -> str:
        return reverse("logistics:firm", args=[self.subject.pk])
