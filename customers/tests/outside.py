"""An outside system at our API: its token, its headers, JSON both ways."""

import json

from django.test import Client

from crm.identity.tests.factories import ApiClientFactory, UserFactory, bearer

JSON = "application/json"
ALL = [
    "customer.v",
    "customer.c",
    "customer.u",
    "customer.h",
    "contact.v",
    "contact.c",
    "contact.u",
    "sensitive.m",
]


class Outside:
    """One API client of a bureau with these scopes."""

    def __init__(self, bureau, scopes, card=None, **more):
        if card is None:
            user = UserFactory(department=bureau.org, organisation=bureau.org, kind="system")
            card = ApiClientFactory(user=user, scopes=scopes, **more)
            confirmer = UserFactory(department=bureau.org, organisation=bureau.org)
            user.auth_token_set.update(confirmed_by=confirmer)
        self.card = card
        self.client = Client()
        self.headers = bearer(card)

    def get(self, url):
        return self.client.get(url, headers=self.headers)

    def post(self, url, body, headers=None):
        return self.send("post", url, body, headers or {})

    def patch(self, url, body, match=None):
        return self.send("patch", url, body, {"If-Match": match} if match else {})

    def send(self, method, url, body, headers):
        """`body` as JSON, or as it is when it is text or bytes already."""
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        return getattr(self.client, method)(
            url, data=data, content_type=JSON, headers=self.headers | headers
        )
