from django.apps import AppConfig


class CrmConfig(AppConfig):
    """Owns the commands and the tests over the whole house; has no models."""

    name = "crm"
    label = "crm"
