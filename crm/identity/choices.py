"""Who may be what: duties, scopes and objects of trust 4.1 to 4.3 as fixed words."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.core.policy import Perm


class UserKind(models.TextChoices):
    STAFF = "staff", _("员工")
    PORTAL = "portal", _("门户客户")
    SYSTEM = "system", _("外部系统")


class Sex(models.TextChoices):
    MALE = "m", _("男")
    FEMALE = "f", _("女")
    UNKNOWN = "", _("未填")


class Profile(models.TextChoices):
    """What an organisation is: decides its forms, duties and rules (D9b)."""

    TOBACCO = "tobacco", _("烟草")
    REPAIR = "repair", _("维修服务")
    BOSS = "boss", _("广电运营")


class DepartmentKind(models.TextChoices):
    """What a department does in the flows; routes find their signers by it."""

    COMPANY = "company", _("公司")
    MARKET = "market", _("市场部")
    OFFICE = "office", _("办事处")
    SQUAD = "squad", _("专卖中队")
    MONOPOLY = "monopoly", _("专卖管理")
    LICENSING = "licensing", _("专卖办证部门")
    SERVICE_CENTRE = "service_centre", _("客户服务中心")
    DISTRIBUTION_CENTRE = "distribution_centre", _("配送中心")
    NETWORK_OFFICE = "network_office", _("网建办")
    ORDER_CENTRE = "order_centre", _("订单中心")
    FINANCE = "finance", _("财务部")
    TECHNICAL = "technical", _("技术部")
    ARCHIVE = "archive", _("档案室")
    OTHER = "other", _("其他")


class Duty(models.TextChoices):
    """The principals of trust 4.1; LIC is ours: the licensing department of T-18.

    Rules: T-14 to T-24, B-4.
    """

    AM = "AM", _("客户经理")
    MC = "MC", _("市场内勤")
    MVP = "MVP", _("市场副总")
    GM = "GM", _("总经理")
    FIN = "FIN", _("财务")
    TM = "TM", _("技术部经理")
    ARC = "ARC", _("资料管理员")
    REP = "REP", _("客户代表")
    LO = "LO", _("专管员")
    SL = "SL", _("中队长")
    LH = "LH", _("专卖负责人")
    LIC = "LIC", _("办证员")
    CSC = "CSC", _("客户服务中心")
    DC = "DC", _("配送中心")
    NET = "NET", _("网建办")
    DSM = "DSM", _("主管销售副经理")
    OC = "OC", _("订单中心")
    SYS = "SYS", _("系统管理员")
    SEC = "SEC", _("安全管理员")
    AUD = "AUD", _("审计员")
    POR = "POR", _("门户客户")
    API = "API", _("API 客户端")


ADMINISTRATORS: Final = (Duty.SYS, Duty.SEC, Duty.AUD)
"""三员: mutually exclusive and not combinable with any business duty (PM-20)."""


class Scope(models.TextChoices):
    """How far a right reaches (trust 4.2)."""

    OWN = "O", _("本人负责")
    TEAM = "T", _("本部门及下级")
    AREA = "R", _("本片区")
    TASK = "K", _("经办事项")
    PORTAL = "P", _("本客户")
    ALL = "A", _("全单位")
    CLIENT = "S", _("按客户端设定")


class Secrecy(models.IntegerChoices):
    """保密等级 (B-19): a person sees rows up to his clearance."""

    NORMAL = 0, _("普通")
    INTERNAL = 1, _("内部")
    SECRET = 2, _("秘密")
    TOP = 3, _("机密")


class SourceSystem(models.TextChoices):
    """Outside systems we speak with (domain 6.3). Rules: T-25 to T-27."""

    ZM = "zm", _("专卖系统 ZM")
    EM = "em", _("订货系统 EM")
    CRM = "crm", _("CRM 系统")
    ORDER_CENTRE = "order_centre", _("订单中心")
    BANK = "bank", _("银行网上扣划")
    BILLING = "billing", _("计费账务")
    ERP = "erp", _("ERP/财务")
    OTHER = "other", _("其他")


class ListName(models.TextChoices):
    """Lists of which a view may be saved."""

    CUSTOMERS = "customers", _("客户档案")
    FORMS = "forms", _("入网办理")
    FIRMS = "firms", _("物流公司")
    ROUTES = "routes", _("送货线路")


LIST_PAGES: Final[dict[str, str]] = {
    ListName.CUSTOMERS: "customers:list",
    ListName.FORMS: "onboarding:list",
    ListName.FIRMS: "logistics:firms",
    ListName.ROUTES: "logistics:routes",
}
"""The page of each list, by URL name. Rooms above, so by name only; a test opens each."""


class Density(models.TextChoices):
    """How much air the rows of a list have."""

    NORMAL = "normal", _("标准")
    TIGHT = "tight", _("紧凑")
    WIDE = "wide", _("宽松")


class Width(models.TextChoices):
    """How wide a column of a list is; by itself as its content asks."""

    AUTO = "", _("自动")
    NARROW = "narrow", _("窄")
    MEDIUM = "medium", _("中")
    WIDE = "wide", _("宽")


class ViewDefault(models.TextChoices):
    """For whom a saved view opens by itself."""

    NOBODY = "", _("不自动打开")
    OWNER = "owner", _("我的默认视图")
    DEPARTMENT = "department", _("本部门的默认视图")


class IdentityPerm(Perm):
    """Objects of trust 4.3 c that this room guards."""

    PEOPLE_VIEW = "people.v"
    PEOPLE_CREATE = "people.c"
    PEOPLE_UPDATE = "people.u"
    PEOPLE_DISABLE = "people.d"
    PEOPLE_CONFIRM = "people.a"
    RIGHTS_VIEW = "rights.v"
    RIGHTS_GRANT = "rights.c"
    RIGHTS_CONFIRM = "rights.a"
    PARAMETERS_VIEW = "parameters.v"
    PARAMETERS_UPDATE = "parameters.u"
    LOGS_VIEW = "logs.v"
    CLIENTS_VIEW = "clients.v"
    CLIENTS_CREATE = "clients.c"
    CLIENTS_GRANT = "clients.u"
    JOBS_VIEW = "jobs.v"
    JOBS_RETRY = "jobs.x"
    MANAGERS_VIEW = "manager_record.v"
    MANAGERS_CREATE = "manager_record.c"
    MANAGERS_UPDATE = "manager_record.u"
    MANAGERS_DELETE = "manager_record.d"
    EXPORT = "export.e"
