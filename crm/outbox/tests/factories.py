"""Endpoints and messages for tests; endpoints are registered by the service, as in life."""

import factory

from crm.identity.choices import SourceSystem
from crm.outbox import services
from crm.outbox.choices import Topic
from crm.outbox.models import Message


class MessageFactory(factory.django.DjangoModelFactory):
    """A committed message nobody was told of."""

    class Meta:
        model = Message

    topic = Topic.CUSTOMER_CHANGED
    key = factory.Sequence(lambda n: f"k{n}")
    payload = factory.LazyFunction(dict)


def endpoint_of(organisation, url, *, by, system=SourceSystem.EM, **more):
    """(endpoint, secret) of one outside system."""
    return services.register_endpoint(
        organisation_id=organisation.pk, system=system, url=url, by=by, **more
    )
