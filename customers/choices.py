"""Words fixed by law or code, and the rights of this room."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.core.policy import Perm


class CustomerPerm(Perm):
    """Objects and actions of trust 4.3 that this room guards."""

    VIEW = "customer.v"
    CREATE = "customer.c"
    PROPOSE = "customer.p"
    UPDATE = "customer.u"
    EXECUTE = "customer.x"
    STATUS = "status.x"
    ASSIGN_VIEW = "assignment.v"
    ASSIGN = "assignment.x"
    DECIDE = "assignment.a"
    EXPORT = "customer.e"
    IMPORT = "customer.i"
    FILES = "customer.f"
    HISTORY = "customer.h"
    REVEAL = "sensitive.m"
    CONTACT_VIEW = "contact.v"
    CONTACT_CREATE = "contact.c"
    CONTACT_UPDATE = "contact.u"
    CONTACT_END = "contact.d"
    CONTACT_HISTORY = "contact.h"
    CONTACT_PROPOSE = "contact.p"
    CONTACT_IMPORT = "contact.i"
    BANK_VIEW = "bank_binding.v"
    BANK_CREATE = "bank_binding.c"
    BANK_EXECUTE = "bank_binding.x"
    # Document 002: users, accounts, certificates, lists.
    SERVICE_VIEW = "service.v"
    SERVICE_CREATE = "service.c"
    SERVICE_UPDATE = "service.u"
    SERVICE_END = "service.d"
    CERTIFICATE_VIEW = "certificate.v"
    CERTIFICATE_CREATE = "certificate.c"
    CERTIFICATE_CHECK = "certificate.x"
    CERTIFICATE_END = "certificate.d"
    LISTED_VIEW = "listed.v"
    LISTED_CREATE = "listed.c"
    LISTED_END = "listed.d"
    DUPLICATE_VIEW = "duplicate.v"
    DUPLICATE_CLEAR = "duplicate.x"
    UNIT_VIEW = "unit.v"
    UNIT_CREATE = "unit.c"
    UNIT_UPDATE = "unit.u"
    UNIT_END = "unit.d"


class CustomerKind(models.TextChoices):
    """What kind of party it is (B-24)."""

    ORGANISATION = "org", _("单位")
    PERSON = "person", _("个人")
    FAMILY = "family", _("家庭")
    RETAIL = "retail", _("零售户")


class CustomerType(models.TextChoices):
    """Paper repair slips or the online service centre. Rules: R-24."""

    TRADITIONAL = "traditional", _("传统客户")
    ONLINE = "online", _("网上客户")


class TemporalClass(models.TextChoices):
    """Past, current and coming customers are all on file. Rules: R-7, R-8."""

    PAST = "past", _("曾经")
    CURRENT = "current", _("正在")
    COMING = "coming", _("即将")


class Lifecycle(models.TextChoices):
    """B-12: where the relation stands; never the same as the status."""

    POTENTIAL = "potential", _("潜在")
    INTENT = "intent", _("意向")
    NEW = "new", _("新入网")
    MATURE = "mature", _("成熟")
    DECLINING = "declining", _("衰退")
    PRE_LEAVE = "pre_leave", _("预离网")
    LEFT = "left", _("离网")
    WON_BACK = "won_back", _("赢回")


class CustomerStatus(models.TextChoices):
    """B-13, and `pending` before net entry ends (T-49)."""

    PENDING = "pending", _("未启用")
    NORMAL = "normal", _("正常")
    SUSPENDED = "suspended", _("暂停")
    ARREARS_STOP = "arrears_stop", _("欠费停")
    RECTIFICATION = "rectification", _("整顿")
    CLOSED = "closed", _("停歇业")
    CANCELLED = "cancelled", _("注销")


STATUS_MOVES: Final[dict[str, frozenset[str]]] = {
    CustomerStatus.PENDING: frozenset({CustomerStatus.NORMAL, CustomerStatus.CANCELLED}),
    CustomerStatus.NORMAL: frozenset(
        {
            CustomerStatus.SUSPENDED,
            CustomerStatus.ARREARS_STOP,
            CustomerStatus.RECTIFICATION,
            CustomerStatus.CLOSED,
            CustomerStatus.CANCELLED,
        }
    ),
    CustomerStatus.SUSPENDED: frozenset({CustomerStatus.NORMAL, CustomerStatus.CANCELLED}),
    CustomerStatus.ARREARS_STOP: frozenset({CustomerStatus.NORMAL, CustomerStatus.CANCELLED}),
    CustomerStatus.RECTIFICATION: frozenset({CustomerStatus.NORMAL, CustomerStatus.CANCELLED}),
    CustomerStatus.CLOSED: frozenset({CustomerStatus.NORMAL, CustomerStatus.CANCELLED}),
    CustomerStatus.CANCELLED: frozenset(),
}
"""Which status may follow which. Cancelled is the end: the code is never used again (B-18)."""


class ControlLevel(models.IntegerChoices):
    """管控级别 (B-20): how wide a person's right to change must reach."""

    BRANCH = 0, _("网点")
    DISTRICT = 1, _("区县")
    CITY = 2, _("地市")
    GROUP = 3, _("集团")


class UnitLayer(models.TextChoices):
    """R-40."""

    GROUP = "group", _("集团公司")
    PROVINCE = "province", _("省分公司")
    CITY = "city", _("地市分公司")


class ContactRole(models.TextChoices):
    """R-26, R-34, B-38: related persons, and those whose word decides."""

    RELATED = "related", _("相关人员")
    KEY = "key", _("关键人")


class KeyType(models.TextChoices):
    """B-39."""

    DECISION = "decision", _("决策人")
    HANDLER = "handler", _("经办人")
    FINANCE = "finance", _("财务")
    TECHNICAL = "technical", _("技术")
    USER = "user", _("使用人")


class Influence(models.IntegerChoices):
    """B-38 影响力."""

    UNKNOWN = 0, _("未评")
    LOW = 1, _("低")
    MEDIUM = 2, _("中")
    HIGH = 3, _("高")


class BindingStatus(models.TextChoices):
    """Domain 5.4. A customer without a row is `unbound`; no row ever has that status."""

    UNBOUND = "unbound", _("未绑定")
    PENDING = "pending", _("绑定中")
    BOUND = "bound", _("已绑定")
    FAILED = "failed", _("绑定失败")
    CLOSED = "closed", _("已解除")


class HolderKind(models.TextChoices):
    """Whose account it is: only cards of persons follow Luhn."""

    PERSONAL = "personal", _("个人账户")
    CORPORATE = "corporate", _("对公账户")


class Authority(models.TextChoices):
    """Who maintains a field (T-64, PM-01 to PM-03, PM-10)."""

    LOCAL = "local", _("本单位")
    ORDER_CENTRE = "order_centre", _("订单中心")
    MONOPOLY = "monopoly", _("专卖许可")
    INTERFACE = "interface", _("接口")
    SYSTEM = "system", _("系统")


class Block(models.TextChoices):
    """Which block of the registration form a field stands in (T-6)."""

    NONE = "", _("不在表上")
    MONOPOLY = "monopoly", _("专卖信息")
    SALES = "sales", _("销售信息")


class DataClass(models.TextChoices):
    """Sensitivity (trust 2.6)."""

    SENSITIVE = "S", _("敏感")
    PERSONAL = "P", _("个人")
    BUSINESS = "B", _("商业秘密")
    INTERNAL = "I", _("内部")


class Fieldset(models.TextChoices):
    """Narrower views of a customer in trust 4.3: what a right with a field set shows."""

    BASIC = "basic", _("开票信息")
    CLASS_I = "class_i", _("内部信息")
    DELIVERY = "delivery", _("配送信息")
    ORDER_CENTRE = "order_centre", _("订单中心信息")


class Reader(models.TextChoices):
    """Fields that scope alone does not open (PM-08)."""

    ANYONE = "", _("按范围")
    OWNER = "owner", _("本人客户经理与资料管理员")


class Subject(models.TextChoices):
    """Which record a field belongs to."""

    CUSTOMER = "customer", _("客户")
    RETAIL = "retail", _("零售信息")
    REPAIR = "repair", _("维修业务信息")
    CONTACT = "contact", _("联系人")
    BANK = "bank", _("扣款账户")
    SUBSCRIBER = "subscriber", _("广电客户信息")
    CERTIFICATE = "cert", _("证件")
    EXTRA = "extra", _("扩展属性")


class Section(models.TextChoices):
    """The parts of document 001 (R-20) and the two blocks of document 000 (T-2)."""

    BASIC = "basic", _("基本信息")
    LICENCE = "licence", _("专卖信息")
    SALES = "sales", _("销售信息")
    RELATED = "related", _("相关人员信息")
    MANAGER = "manager", _("客户经理信息")
    LOGISTICS = "logistics", _("物流公司信息")
    BANK = "bank", _("网上扣划信息")
    SERVICE = "service", _("服务信息")
    EXTRA = "extra", _("扩展信息")
    RECORD = "record", _("档案信息")


class LightSystem(models.TextChoices):
    """Outside systems whose state the head of a customer shows."""

    ZM = "zm", _("专卖系统 ZM")
    EM = "em", _("订货系统 EM")
    CRM = "crm", _("CRM 系统")
    ORDER_CENTRE = "order_centre", _("订单中心")
    BANK = "bank", _("银行网上扣划")


class Light(models.TextChoices):
    """What such a system last said of a customer."""

    UNKNOWN = "unknown", _("未知")
    WAITING = "waiting", _("等待回执")
    OK = "ok", _("已确认")
    FAILED = "failed", _("失败")


class AliasKind(models.TextChoices):
    """What a foreign code names (B-34)."""

    CUSTOMER = "customer", _("客户编号")
    OLD_CODE = "old_code", _("旧代码")
    GROUP = "group", _("集团客户号")
    MERGED = "merged", _("已合并代码")


class ConflictStatus(models.TextChoices):
    OPEN = "open", _("待裁定")
    DECIDED = "decided", _("已裁定")


class GrantLevel(models.TextChoices):
    """What a share by name opens; it widens the scope, never the duties (trust 4.2)."""

    VIEW = "share_view", _("查看")
    WORK = "share_work", _("办理")


class TimelineKind(models.TextChoices):
    """Every event a customer's timeline tells; rooms above write theirs by name."""

    REGISTERED = "registered", _("建立档案")
    CHANGED = "changed", _("修改资料")
    CONTACT_ADDED = "contact_added", _("新增联系人")
    CONTACT_CHANGED = "contact_changed", _("修改联系人")
    CONTACT_ENDED = "contact_ended", _("停用联系人")
    MANAGER_CHANGED = "manager_changed", _("客户经理变更")
    FIRST_CONTACT = "first_contact", _("首次联系客户")
    STATUS_CHANGED = "status_changed", _("状态变更")
    ACTIVATED = "activated", _("启用")
    BINDING_REQUESTED = "binding_requested", _("申请绑定扣款账户")
    BINDING_BOUND = "binding_bound", _("扣款账户已绑定")
    BINDING_FAILED = "binding_failed", _("扣款账户绑定失败")
    BINDING_CLOSED = "binding_closed", _("扣款账户已解除")
    FORM_OPENED = "form_opened", _("发起表单")
    FORM_MOVED = "form_moved", _("表单流转")
    FORM_RETURNED = "form_returned", _("表单退回")
    FORM_APPROVED = "form_approved", _("表单通过")
    FORM_WITHDRAWN = "form_withdrawn", _("表单撤回")
    FORM_CLOSED = "form_closed", _("表单办结")
    LICENCE = "licence", _("许可证")
    NOTICE = "notice", _("通知")
    ENTERED = "entered", _("资料录入")
    REPORTED = "reported", _("上报订单中心")
    RECEIPT = "receipt", _("外部回执")
    FILED = "filed", _("归档")
    SHARED = "shared", _("授权共享")
    CONFLICT = "conflict", _("归属冲突")
    USER_OPENED = "user_opened", _("开通用户")
    USER_CHANGED = "user_changed", _("用户变更")
    ACCOUNT_OPENED = "account_opened", _("开立帐户")
    ACCOUNT_CHANGED = "account_changed", _("帐户变更")
    PAYMENT_SPLIT = "payment_split", _("付费关系变更")
    CERTIFICATE_ADDED = "cert_added", _("登记证件")
    CERTIFICATE_CHECKED = "cert_checked", _("核验证件")
    CERTIFICATE_ENDED = "cert_ended", _("停用证件")
    LISTED = "listed", _("列入名单")
    UNLISTED = "unlisted", _("移出名单")
    EXTERNAL_ADDED = "external_added", _("登记外部支付账户")
    EXTERNAL_ENDED = "external_ended", _("停用外部支付账户")
    PARTY_JOINED = "party_joined", _("归入参与人")
    PARTY_LEFT = "party_left", _("移出参与人")
    SCAN_LINKED = "scan_linked", _("关联证件扫描件")
    SCAN_UNLINKED = "scan_unlinked", _("取消关联证件扫描件")
    UNIT_LINKED = "unit_linked", _("纳入上级单位")
    UNIT_MOVED = "unit_moved", _("调整上级单位")
    UNIT_ENDED = "unit_ended", _("解除上级单位")
    UNITS_CHANGED = "units_changed", _("下属单位变动")
    GROUP_ENTERED = "group_entered", _("加入集团")
    GROUP_CHANGED = "group_changed", _("修改集团成员")
    GROUP_LEFT = "group_left", _("退出集团")
    MEMBERS_CHANGED = "members_changed", _("集团成员变动")
    RELATED = "related", _("记录人员关系")
    UNRELATED = "unrelated", _("解除人员关系")


class MemberRole(models.TextChoices):
    """What a person is in a group customer (B-36, B-37)."""

    MEMBER = "member", _("普通成员")
    LEADER = "leader", _("负责人")
    LIAISON = "liaison", _("联系人")


class Payer(models.TextChoices):
    """Who pays for a member (B-37)."""

    SELF = "self", _("成员自付")
    GROUP = "group", _("集团统付")


class RelationKind(models.TextChoices):
    """What one key person is to another (B-38); superior and introducer are the other side."""

    SUPERIOR = "superior", _("上级")
    COLLEAGUE = "colleague", _("同事")
    RELATIVE = "relative", _("亲属")
    CLASSMATE = "classmate", _("同学")
    FRIEND = "friend", _("朋友")
    INTRODUCED = "introduced", _("引荐人")


class Visibility(models.TextChoices):
    """What a person sees of one field (trust 2.6, 4.4)."""

    HIDDEN = "hidden", _("不可见")
    MASKED = "masked", _("部分显示")
    CLEAR = "clear", _("可见")


IDENTITY_FIELDS: Final = frozenset({"retail.identity_no", "contact.identity_no", "cert.number"})
BANK_FIELDS: Final = frozenset({"bank.account_no", "bank.holder_certificate", "bank.agreement_no"})
REVEAL_SETS: Final[dict[str, frozenset[str]]] = {
    "bank": BANK_FIELDS,
    "binding": BANK_FIELDS,
    "identity": IDENTITY_FIELDS,
    "licence": frozenset({"retail.identity_no"}),
}
"""Which clear values a right to reveal with a field set opens (trust 4.3); without one: all."""
