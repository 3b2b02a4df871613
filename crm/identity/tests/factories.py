"""Departments, people and API clients for all rooms' tests: minimal valid rows."""

import itertools
from datetime import date, timedelta

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from knox.models import get_token_model

from crm.identity.choices import DepartmentKind, Duty, Profile, SourceSystem, UserKind
from crm.identity.models import AccountManager, ApiClient, Department, Post, User

PASSWORD = "Kd-Lan7-Hua3-Shu"
_hash = {}
_steps = itertools.count(1)


def hashed():
    """One hash for all people: hashing is slow even with the fast hasher."""
    return _hash.setdefault("hash", make_password(PASSWORD))


class OrganisationFactory(factory.django.DjangoModelFactory):
    """A root department: one organisation with a profile."""

    class Meta:
        model = Department
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"org{n}")
    name = factory.Sequence(lambda n: f"测试单位{n}")
    kind = DepartmentKind.COMPANY
    profile = Profile.TOBACCO

    @factory.post_generation
    def own_organisation(self, create, extracted, **kwargs):
        if create:
            self.organisation = self
            self.save(update_fields=["organisation"])


class DepartmentFactory(factory.django.DjangoModelFactory):
    """A department below an organisation (`parent`, made when not given)."""

    class Meta:
        model = Department

    code = factory.Sequence(lambda n: f"dep{n}")
    name = factory.Sequence(lambda n: f"测试部门{n}")
    kind = DepartmentKind.MARKET
    profile = ""
    parent = factory.SubFactory(OrganisationFactory)
    organisation = factory.SelfAttribute("parent.organisation")


class PostFactory(factory.django.DjangoModelFactory):
    """A live, confirmed post."""

    class Meta:
        model = Post

    user = factory.SubFactory("crm.identity.tests.factories.UserFactory")
    department = factory.SelfAttribute("user.department")
    duty = Duty.AM
    starts_on = date(2020, 1, 1)
    confirmed_at = factory.LazyFunction(timezone.now)


class UserFactory(factory.django.DjangoModelFactory):
    """An active, confirmed member of staff; `duty=Duty.AM` (or several: `duties=[…]`) gives live
    posts in `department`. The password is `factories.PASSWORD`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        waiting = factory.Trait(is_active=False, confirmed_at=None)

    username = factory.Sequence(lambda n: f"user{n}")
    name = factory.Sequence(lambda n: f"职员{n}")
    password = factory.LazyFunction(hashed)
    kind = UserKind.STAFF
    department = factory.SubFactory(DepartmentFactory)
    organisation = factory.SelfAttribute("department.organisation")
    is_active = True
    must_change_password = False
    password_changed_at = factory.LazyFunction(timezone.now)
    confirmed_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def duty(self, create, extracted, **kwargs):
        if create and extracted:
            PostFactory(user=self, duty=extracted)

    @factory.post_generation
    def duties(self, create, extracted, **kwargs):
        for duty in extracted or ():
            PostFactory(user=self, duty=duty)


class AccountManagerFactory(factory.django.DjangoModelFactory):
    """A manager's card; its person holds the duty AM."""

    class Meta:
        model = AccountManager

    user = factory.SubFactory(UserFactory, duty=Duty.AM)
    position = "客户经理"
    mobile = "13800138000"


class ApiClientFactory(factory.django.DjangoModelFactory):
    """A live API client; `scopes=[…]` issues a token, kept clear as `client.clear_token`."""

    class Meta:
        model = ApiClient
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory, kind=UserKind.SYSTEM)
    name = factory.Sequence(lambda n: f"外部系统{n}")
    system = SourceSystem.ORDER_CENTRE

    @factory.post_generation
    def scopes(self, create, extracted, **kwargs):
        if create and extracted is not None:
            _row, self.clear_token = get_token_model().objects.create(
                self.user,
                expiry=timedelta(days=30),
                name=f"令牌{next(_steps)}",
                scopes=[str(scope) for scope in extracted],
                networks=kwargs.get("networks", []),
            )


def bearer(client):
    """Headers of an API call with the client's token."""
    return {"Authorization": f"Token {client.clear_token}"}
