"""People and posts: registered by SYS, confirmed by SEC, looked at by AUD (PM-21)."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.core.errors import DomainError
from crm.core.paging import keyset
from crm.core.policy import Rule, Rules, both, reads, writes
from crm.core.views import (
    GatedPage,
    Guarded,
    ServiceButtonView,
    ServiceFormView,
    known_parameters,
)
from crm.identity.access import ensure_may, get_person, get_post, may, people_for, posts_for
from crm.identity.choices import IdentityPerm
from crm.identity.forms.people import CardForm, PersonForm, PostForm, ReasonForm
from crm.identity.selectors import acts_on, posts_of_person
from crm.identity.services.passwords import reset_password
from crm.identity.services.people import (
    confirm_person,
    edit_person,
    reactivate_person,
    register_person,
    unlock_person,
)
from crm.identity.services.posts import confirm_post, end_post, propose_post
from crm.identity.services.second_factor import reset_second_factor

if TYPE_CHECKING:
    from crm.identity.models import Post, User

ORDER = ("name", "pk")


class PeopleView(GatedPage):
    rules: ClassVar[Rules] = reads(Rule(IdentityPerm.PEOPLE_VIEW))
    template_name = "identity/people.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known_parameters(self.request, {"q", "state", "page"})
        ask, user = self.request.GET, self.request.user
        ensure_may(user, IdentityPerm.PEOPLE_VIEW)
        state = ask.get("state", "")
        people = people_for(user, IdentityPerm.PEOPLE_VIEW).select_related("department")
        page = keyset(
            people.in_state(state).named(ask.get("q", "")), order=ORDER, token=ask.get("page", "")
        )
        return super().get_context_data(
            page=page,
            q=ask.get("q", ""),
            state=state,
            waiting_people=people.unconfirmed().count(),
            waiting_posts=posts_for(user, IdentityPerm.RIGHTS_VIEW).unconfirmed().count(),
            may_register=may(user, IdentityPerm.PEOPLE_CREATE),
            **kwargs,
        )


class WaitingPostsView(GatedPage):
    rules: ClassVar[Rules] = reads(Rule(IdentityPerm.RIGHTS_VIEW))
    template_name = "identity/posts_waiting.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        ensure_may(user, IdentityPerm.RIGHTS_VIEW)
        posts = posts_for(user, IdentityPerm.RIGHTS_VIEW).unconfirmed()
        posts = posts.select_related("user", "department", "granted_by").order_by("pk")
        may_decide = may(user, IdentityPerm.RIGHTS_CONFIRM)
        return super().get_context_data(posts=posts, may_decide=may_decide, **kwargs)


class PersonView(GatedPage):
    rules: ClassVar[Rules] = reads(Rule(IdentityPerm.PEOPLE_VIEW))
    template_name = "identity/person.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = get_person(self.request.user, IdentityPerm.PEOPLE_VIEW, self.kwargs["pk"])
        return super().get_context_data(
            person=person,
            posts=posts_of_person(person),
            acts=acts_on(self.request.user, person),
            **kwargs,
        )


class PersonPage(ServiceFormView):
    """A form about one person; afterwards back to his page."""

    perm: ClassVar[IdentityPerm]
    template_name = "identity/person_form.html"
    title: ClassVar[Any] = ""

    def get_subject(self) -> "User":
        return get_person(self.request.user, self.perm, self.kwargs["pk"])

    def get_success_url(self) -> str:
        return reverse("identity:person", args=[self.kwargs["pk"]])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=self.title, **kwargs)


class NewPersonView(PersonPage):
    rules: ClassVar[Rules] = both(Rule(IdentityPerm.PEOPLE_CREATE))
    form_class = PersonForm
    title = _("登记人员")
    success_message = _("已登记，等待安全管理员确认")

    def get_subject(self) -> None:  # type: ignore[override]
        ensure_may(self.request.user, IdentityPerm.PEOPLE_CREATE)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.request.user}

    def perform(self, subject: None, form: PersonForm) -> "User":
        return register_person(card=form.card(), by=self.request.user)

    def get_success_url(self) -> str:
        return reverse("identity:person", args=[self.result.pk])


class EditPersonView(PersonPage):
    rules: ClassVar[Rules] = both(Rule(IdentityPerm.PEOPLE_UPDATE))
    perm = IdentityPerm.PEOPLE_UPDATE
    form_class = CardForm
    title = _("修改人员资料")
    success_message = _("已保存")

    def get_initial(self) -> dict[str, Any]:
        names = ("name", "department", "mobile", "email", "clearance")
        return {name: getattr(self.subject, name) for name in names}

    def get_form_kwargs(self) -> dict[str, Any]:
        own = {"user": self.request.user, "username": self.subject.username}
        return super().get_form_kwargs() | own

    def perform(self, subject: "User", form: CardForm) -> "User":
        return edit_person(person=subject, card=form.card(), by=self.request.user)


class ProposePostView(PersonPage):
    rules: ClassVar[Rules] = both(Rule(IdentityPerm.RIGHTS_GRANT, step_up=True))
    perm = IdentityPerm.PEOPLE_VIEW
    form_class = PostForm
    title = _("提出岗位")
    success_message = _("已提出，等待安全管理员确认")

    def get_subject(self) -> "User":
        ensure_may(self.request.user, IdentityPerm.RIGHTS_GRANT)
        return super().get_subject()

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.request.user}

    def perform(self, subject: "User", form: PostForm) -> "Post":
        starts_on, ends_on = form.days()
        return propose_post(
            user=subject,
            department=form.cleaned_data["department"],
            duty=form.cleaned_data["duty"],
            starts_on=starts_on,
            ends_on=ends_on,
            by=self.request.user,
        )


class EndPostView(ServiceFormView):
    rules: ClassVar[Rules] = both(Rule(IdentityPerm.RIGHTS_GRANT, step_up=True))
    form_class = ReasonForm
    template_name = "identity/person_form.html"
    success_message = _("岗位已终止")

    def get_subject(self) -> "Post":
        return get_post(self.request.user, IdentityPerm.RIGHTS_GRANT, self.kwargs["pk"])

    def perform(self, subject: "Post", form: ReasonForm) -> "Post":
        return end_post(post=subject, reason=form.cleaned_data["reason"], by=self.request.user)

    def get_success_url(self) -> str:
        return reverse("identity:person", args=[self.subject.user_id])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(title=_("终止岗位"), **kwargs)


class ConfirmPostView(ServiceButtonView):
    rules: ClassVar[Rules] = writes(Rule(IdentityPerm.RIGHTS_CONFIRM, step_up=True))
    success_message = _("岗位已确认，即刻生效")

    def get_subject(self) -> "Post":
        return get_post(self.request.user, IdentityPerm.RIGHTS_CONFIRM, self.kwargs["pk"])

    def perform(self, subject: "Post") -> "Post":
        return confirm_post(post=subject, by=self.request.user)

    def get_success_url(self) -> str:
        return reverse("identity:person", args=[self.subject.user_id])


class _PersonButton(ServiceButtonView):
    perm: ClassVar[IdentityPerm] = IdentityPerm.PEOPLE_CONFIRM

    def get_subject(self) -> "User":
        return get_person(self.request.user, self.perm, self.kwargs["pk"])

    def get_success_url(self) -> str:
        return reverse("identity:person", args=[self.kwargs["pk"]])


class ReactivatePersonView(_PersonButton):
    rules: ClassVar[Rules] = writes(Rule(IdentityPerm.PEOPLE_CREATE, step_up=True))
    perm = IdentityPerm.PEOPLE_CREATE
    success_message = _("已提出恢复，等待安全管理员确认")

    def perform(self, subject: "User") -> "User":
        return reactivate_person(person=subject, by=self.request.user)


class UnlockPersonView(_PersonButton):
    rules: ClassVar[Rules] = writes(Rule(IdentityPerm.PEOPLE_CONFIRM))
    success_message = _("已解除登录锁定")

    def perform(self, subject: "User") -> int:
        return unlock_person(person=subject, by=self.request.user)


class ResetFactorView(_PersonButton):
    rules: ClassVar[Rules] = writes(Rule(IdentityPerm.PEOPLE_CONFIRM, step_up=True))
    success_message = _("两步验证已重置，该人员须重新登录")

    def perform(self, subject: "User") -> int:
        return reset_second_factor(user=subject, by=self.request.user)


class _CodeView(Guarded):
    """A button whose answer is a secret: shown on this answer alone, kept nowhere."""

    rules: ClassVar[Rules] = writes(Rule(IdentityPerm.PEOPLE_CONFIRM, step_up=True))
    title: ClassVar[Any] = ""

    def make_code(self, person: "User") -> str:
        raise NotImplementedError

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = get_person(self.request.user, IdentityPerm.PEOPLE_CONFIRM, pk)
        context: dict[str, Any] = {
            "who": person,
            "title": self.title,
            "back_url": reverse("identity:person", args=[pk]),
            "is_activation": True,
        }
        try:
            context["code"] = self.make_code(person)
        except (DomainError, ValidationError) as refusal:
            context["refusal"] = getattr(refusal, "message", "")
        return render(request, "identity/code_once.html", context)


class ConfirmPersonView(_CodeView):
    title = _("账号已确认")

    def make_code(self, person: "User") -> str:
        return confirm_person(person=person, by=self.request.user)


class ResetPasswordView(_CodeView):
    title = _("密码已重置")

    def make_code(self, person: "User") -> str:
        return reset_password(user=person, by=self.request.user)
