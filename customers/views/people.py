"""The end of an account, as far as customers go."""

from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy as _

from crm.core.policy import Rule, Rules, both
from crm.identity.choices import IdentityPerm
from crm.identity.forms.people import ReasonForm
from crm.identity.views.people import PersonPage
from customers.services.leaving import dismiss_person

if TYPE_CHECKING:
    from crm.identity.models import User


class DismissPersonView(PersonPage):
    """The people's page that has consequences up here: shares of customers end too (PM-30)."""

    rules: ClassVar[Rules] = both(Rule(IdentityPerm.PEOPLE_DISABLE, step_up=True))
    perm = IdentityPerm.PEOPLE_DISABLE
    form_class = ReasonForm
    title = _("停用账号")
    success_message = _("账号已停用，会话、令牌、岗位和客户授权同时终止")

    def perform(self, subject: "User", form: ReasonForm) -> "User":
        reason = form.cleaned_data["reason"]
        return dismiss_person(person=subject, reason=reason, by=self.request.user)
