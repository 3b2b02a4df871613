"""A person at his browser, for the page tests: logged in, with a fresh second log-in or without."""

from django.test import Client

from crm.identity.tests.factories import PASSWORD


def enter(person, *, again=False):
    """A client logged in as `person`; `again` means that he just gave his password again."""
    client = Client()
    client.force_login(person)
    if again:
        response = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        assert response.status_code == 302
    return client


def text_of(response):
    return response.content.decode()
