from django.contrib.admin.apps import AdminConfig


class KedangAdminConfig(AdminConfig):
    """Django admin with our door; named in INSTALLED_APPS in its place (D7)."""

    default_site = "crm.identity.admin_site.KedangAdminSite"
