"""Pick a unit, a member or a person from a list and say from when: nothing is typed (R-42)."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.core.fields import CheckedField, line
from customers.choices import MemberRole, Payer, RelationKind
from customers.forms.edit import ReasonForm
from customers.forms.fields import choice
from customers.models import Contact, ContactQuerySet, Customer, CustomerQuerySet
from customers.selectors.units import CANDIDATES, for_options, option_line
from customers.values import MemberTerms

FIRST: Final = ("units", "parent", "member", "other")


class CustomerChoice(forms.ModelChoiceField):
    """One customer of a gated list, by radio button."""

    def label_from_instance(self, obj: Any) -> str:
        return option_line(obj)


class CustomersChoice(forms.ModelMultipleChoiceField):
    """Several customers of a gated list, by tick boxes."""

    def label_from_instance(self, obj: Any) -> str:
        return option_line(obj)


class TypeToFind(forms.Form):
    """What narrows the list of candidates; it stands in the address."""

    q = forms.CharField(label=_("查找"), max_length=60, required=False)


def shown(field: forms.ModelChoiceField, rows: CustomerQuerySet) -> int:
    """Offer the first rows of a list, accept any row of it; how many are offered."""
    field.queryset = rows
    options = [(row.pk, field.label_from_instance(row)) for row in for_options(rows)[:CANDIDATES]]
    field.widget.choices = options
    return len(options)


class LinkUnitsForm(forms.Form):
    """Which units go under this one, and from when (R-42)."""

    units = CustomersChoice(
        label=_("下属单位"),
        queryset=Customer.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请从列表中选择下属单位")},
    )
    starts_on = forms.DateField(label=_("生效日期"))
    reason = CheckedField(label=_("说明"), max_length=300, check=line(300), required=False)

    def __init__(self, *args: Any, candidates: CustomerQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = shown(self.fields["units"], candidates)  # type: ignore[arg-type]


class ParentForm(forms.Form):
    """Which unit this one goes under, and from when (R-42)."""

    parent = CustomerChoice(
        label=_("上级单位"),
        queryset=Customer.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("请从列表中选择上级单位")},
    )
    starts_on = forms.DateField(label=_("生效日期"))
    reason = CheckedField(label=_("说明"), max_length=300, check=line(300), required=False)

    def __init__(self, *args: Any, candidates: CustomerQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = shown(self.fields["parent"], candidates)  # type: ignore[arg-type]


class MoveUnitForm(ReasonForm):
    """Where a unit goes, and from which day on (R-41)."""

    parent = CustomerChoice(
        label=_("新上级单位"),
        queryset=Customer.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("请从列表中选择上级单位")},
    )
    effective_on = forms.DateField(label=_("生效日期"), help_text=_("此日之前仍隶属原上级单位"))

    field_order = ["parent", "effective_on", "reason"]

    def __init__(self, *args: Any, candidates: CustomerQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = shown(self.fields["parent"], candidates)  # type: ignore[arg-type]


class EndTieForm(ReasonForm):
    """From which day on it no longer holds, and why."""

    ends_on = forms.DateField(label=_("失效日期"), help_text=_("自此日起不再隶属"))

    field_order = ["ends_on", "reason"]


class MemberForm(forms.Form):
    """Who enters the group, as what, and who pays (B-37)."""

    member = CustomerChoice(
        label=_("成员"),
        queryset=Customer.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": _("请从列表中选择成员")},
    )
    role = choice(MemberRole.choices, label=_("成员角色"), required=True, initial=MemberRole.MEMBER)
    payer = choice(Payer.choices, label=_("付费方"), required=True, initial=Payer.SELF)
    is_key = forms.BooleanField(label=_("关键成员"), required=False)
    starts_on = forms.DateField(label=_("加入日期"))

    def __init__(self, *args: Any, candidates: CustomerQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = shown(self.fields["member"], candidates)  # type: ignore[arg-type]

    def terms(self) -> MemberTerms:
        """As what he enters."""
        data = self.cleaned_data
        return MemberTerms(data["role"], data["is_key"], data["payer"], data["starts_on"])


class MemberEditForm(ReasonForm):
    """A member's role, who pays, and the key mark."""

    role = choice(MemberRole.choices, label=_("成员角色"), required=True, initial=MemberRole.MEMBER)
    payer = choice(Payer.choices, label=_("付费方"), required=True, initial=Payer.SELF)
    is_key = forms.BooleanField(label=_("关键成员"), required=False)

    field_order = ["role", "payer", "is_key", "reason"]


class LeaveForm(ReasonForm):
    """From which day on he is out, and why (B-40)."""

    ends_on = forms.DateField(
        label=_("退出日期"), help_text=_("自此日起不再是成员；集团统付至当月末")
    )

    field_order = ["ends_on", "reason"]


class RelationForm(forms.Form):
    """What another key person is to this one (B-38)."""

    other = forms.ModelChoiceField(label=_("对方"), queryset=Contact.objects.none())
    kind = choice(RelationKind.choices, label=_("对方是其"), required=True)
    note = CheckedField(label=_("说明"), max_length=300, check=line(300), required=False)

    def __init__(self, *args: Any, people: ContactQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["other"]
        field.queryset = people
        field.label_from_instance = lambda row: " · ".join(
            text for text in (row.name, row.position, row.customer.name) if text
        )
        field.widget.attrs["data-search"] = ""


class EndRelationForm(ReasonForm):
    """Why the relation is no longer kept."""
