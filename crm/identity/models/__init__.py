from crm.identity.choices import Sex
from crm.identity.models.client import ApiClient, ApiToken
from crm.identity.models.department import Department, DepartmentQuerySet
from crm.identity.models.list_look import ListLook
from crm.identity.models.manager import AccountManager, AccountManagerQuerySet
from crm.identity.models.right import Post, PostQuerySet, RoleRight
from crm.identity.models.saved_view import SavedView, SavedViewQuerySet
from crm.identity.models.user import ActivationCode, PasswordRecord, User, UserQuerySet, UserSession

__all__ = [
    "AccountManager",
    "AccountManagerQuerySet",
    "ActivationCode",
    "ApiClient",
    "ApiToken",
    "Department",
    "DepartmentQuerySet",
    "ListLook",
    "PasswordRecord",
    "Post",
    "PostQuerySet",
    "RoleRight",
    "SavedView",
    "SavedViewQuerySet",
    "Sex",
    "User",
    "UserQuerySet",
    "UserSession",
]
