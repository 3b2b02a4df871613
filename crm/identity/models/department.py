from typing import Final, Self

from django.db import connection, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from tree_queries.models import TreeNode
from tree_queries.query import TreeQuerySet

from crm.identity.choices import DepartmentKind, Profile

_BELOW: Final = """
WITH RECURSIVE below AS (
    SELECT id, is_live FROM identity_department WHERE id = %s
    UNION ALL
    SELECT d.id, d.is_live FROM identity_department AS d JOIN below ON d.parent_id = below.id
)
SELECT id FROM below WHERE is_live ORDER BY id
"""
_UPWARDS: Final = """
WITH RECURSIVE above AS (
    SELECT id, kind, organisation_id, parent_id, 0 AS depth FROM identity_department WHERE id = %s
    UNION ALL
    SELECT d.id, d.kind, d.organisation_id, d.parent_id, above.depth + 1
    FROM identity_department AS d JOIN above ON d.id = above.parent_id
)
SELECT id, kind, organisation_id FROM above ORDER BY depth
"""


class DepartmentQuerySet(TreeQuerySet):
    def organisations(self) -> Self:
        return self.filter(parent__isnull=True)

    def live_below(self, pk: int) -> list[int]:
        """Keys of the live departments below one, itself included; reads no other branch."""
        with connection.cursor() as cursor:
            cursor.execute(_BELOW, [pk])
            return [row[0] for row in cursor.fetchall()]

    def nearest_first(self, pk: int) -> list[tuple[int, str, int | None]]:
        """Key, kind and organisation of a department and of those above it, upwards.

        `ancestors` of the library reads the whole tree for that, and asks twice.
        """
        with connection.cursor() as cursor:
            cursor.execute(_UPWARDS, [pk])
            return list(cursor.fetchall())


class Department(TreeNode):
    """A department; a root is one organisation with a profile (D9b).

    `organisation` is the root's key on every row of its tree, its own on the root.
    """

    code = models.SlugField(_("代码"), max_length=40)
    name = models.CharField(_("名称"), max_length=80)
    kind = models.CharField(
        _("类别"), max_length=24, choices=DepartmentKind, default=DepartmentKind.OTHER
    )
    profile = models.CharField(_("业务类型"), max_length=10, choices=Profile, blank=True)
    organisation = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="members"
    )
    region = models.ForeignKey(
        "core.Region",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("所在地区"),
    )
    is_live = models.BooleanField(_("启用"), default=True)

    objects = DepartmentQuerySet.as_manager(with_tree_fields=False)

    class Meta:
        verbose_name = _("部门")
        verbose_name_plural = _("部门")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "code"],
                name="identity_department_code_once",
                violation_error_message=_("本单位已有相同代码的部门"),
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) ^ Q(profile=""),
                name="identity_department_profile_on_root",
                violation_error_message=_("业务类型只在单位（根部门）上设置，且必须设置"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)
