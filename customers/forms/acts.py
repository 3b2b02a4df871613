"""Short forms: why a value is shown, who takes a customer over, how a conflict is settled."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.core.fields import CheckedField, line
from crm.identity.choices import Duty
from crm.identity.models import User
from crm.identity.selectors import holders_of
from customers.models import Conflict, Customer


class RevealForm(forms.Form):
    """Why somebody wants to see a value in clear (B-29, SEC-39)."""

    reason = CheckedField(
        label=_("查看原因"),
        min_length=2,
        max_length=300,
        check=line(300),
        help_text=_("与本次查看一起记入访问日志"),
    )


class DistinctForm(forms.Form):
    """Why two archives are not the same customer (B-14)."""

    reason = CheckedField(
        label=_("理由"),
        max_length=300,
        check=line(300),
        help_text=_("例如：地址、负责人不同，是两家店"),
    )


class TransferForm(forms.Form):
    """Who answers for the customer from now on, and why (R-15, R-18)."""

    manager = forms.ModelChoiceField(label=_("新客户经理"), queryset=User.objects.none())
    reason = CheckedField(label=_("变更原因"), max_length=300, check=line(300))

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = holders_of(Duty.AM, organisation_id=customer.organisation_id)
        self.fields["manager"].queryset = people.exclude(pk=customer.manager_id)  # type: ignore[attr-defined]


class TransferManyForm(forms.Form):
    """Who answers for all of the chosen from now on, and why (R-15, R-16, R-18).

    `number` is what the page said; when another number is found on sending, it is said first.
    """

    manager = forms.ModelChoiceField(label=_("新客户经理"), queryset=User.objects.none())
    reason = CheckedField(label=_("变更原因"), max_length=300, check=line(300))
    number = forms.IntegerField(widget=forms.HiddenInput)
    selection = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, user: User, number: int, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found, self.most = number, most
        people = holders_of(Duty.AM, organisation_id=user.organisation_id)
        self.fields["manager"].queryset = people.order_by("name")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        if self.found > self.most:
            text = _("一次最多变更 %(most)s 户，请先缩小范围") % {"most": self.most}
            raise forms.ValidationError(text, code="too_many")
        if self.cleaned_data.get("number") != self.found:
            self.data = dict(self.data.items()) | {"number": str(self.found)}
            text = _("符合条件的客户现在是 %(now)s 户，请核对后再次提交") % {"now": self.found}
            raise forms.ValidationError(text, code="number_changed")
        return dict(self.cleaned_data)


class DecideConflictForm(forms.Form):
    """Whose customer it is, in the general manager's words (R-10, R-11)."""

    winner = forms.ModelChoiceField(
        label=_("裁定归属"),
        queryset=User.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
    )
    reason = CheckedField(label=_("裁定理由"), max_length=300, check=line(300))

    def __init__(self, *args: Any, conflict: Conflict, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        both = [conflict.customer.manager_id, conflict.newcomer_id]
        rows = User.objects.filter(pk__in=[pk for pk in both if pk is not None])
        self.fields["winner"].queryset = rows.order_by("name")  # type: ignore[attr-defined]
