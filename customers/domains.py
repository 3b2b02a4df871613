"""Fixed words of document 002: user, account, certificate, red and black list, free attribute,
duplicate.
"""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class UserStatus(models.TextChoices):
    """State of one service instance (B-8, B-59)."""

    NORMAL = "normal", _("正常")
    SUSPENDED = "suspended", _("停机")
    ARREARS_STOP = "arrears_stop", _("欠费停")
    PRE_CANCELLED = "pre_cancelled", _("预销户")
    CANCELLED = "cancelled", _("销户")


USER_MOVES: Final[dict[str, frozenset[str]]] = {
    UserStatus.NORMAL: frozenset(
        {
            UserStatus.SUSPENDED,
            UserStatus.ARREARS_STOP,
            UserStatus.PRE_CANCELLED,
            UserStatus.CANCELLED,
        }
    ),
    UserStatus.SUSPENDED: frozenset(
        {UserStatus.NORMAL, UserStatus.PRE_CANCELLED, UserStatus.CANCELLED}
    ),
    UserStatus.ARREARS_STOP: frozenset(
        {UserStatus.NORMAL, UserStatus.PRE_CANCELLED, UserStatus.CANCELLED}
    ),
    UserStatus.PRE_CANCELLED: frozenset({UserStatus.NORMAL, UserStatus.CANCELLED}),
    UserStatus.CANCELLED: frozenset(),
}
"""Which state of a user may follow which; cancelled is the end."""


class AccountStatus(models.TextChoices):
    """State of a payer's account (B-27)."""

    NORMAL = "normal", _("正常")
    CANCELLED = "cancelled", _("已注销")


class BillingType(models.TextChoices):
    """B-27."""

    PREPAID = "prepaid", _("预付费")
    POSTPAID = "postpaid", _("后付费")


class PaymentMode(models.TextChoices):
    """B-27 付款方式."""

    CASH = "cash", _("现金")
    WITHHOLDING = "withholding", _("托收/代扣")
    CARD = "card", _("刷卡")
    TRANSFER = "transfer", _("转账")


class ChargeKind(models.TextChoices):
    """What a split payment is for (B-10); what is not split goes to the user's own account."""

    BASIC = "basic", _("基本收视费")
    BROADBAND = "broadband", _("宽带费")
    VALUE_ADDED = "value_added", _("增值业务费")
    EQUIPMENT = "equipment", _("设备费")
    OTHER = "other", _("其他费用")


class SpecialClass(models.TextChoices):
    """特殊客户 (B-61)."""

    NONE = "", _("非特殊客户")
    PUBLIC = "public", _("党政军")
    VIP = "vip", _("贵宾")
    IMPAIRED = "impaired", _("听障或视障")
    ELDERLY = "elderly", _("老年人")
    GROUP = "group", _("集团")


class Waiver(models.TextChoices):
    """Why a customer has no certificate (B-16, B-62)."""

    NONE = "", _("无")
    VIRTUAL_CARD = "virtual_card", _("虚拟卡购买人")
    MIGRATED = "migrated", _("历史客户待补证件")


class CertificateRole(models.TextChoices):
    """Whose certificate it is: the customer's own, the handler's (B-51), the agent's (B-53), the
    owner's of an installation address (B-54)."""

    OWN = "own", _("客户本人")
    HANDLER = "handler", _("经办人")
    AGENT = "agent", _("代办人")
    OWNER = "owner", _("产权人")


class CertificateKind(models.TextChoices):
    """B-51 for organisations, B-52 for persons, B-54 for an address."""

    CREDIT_CODE = "credit_code", _("统一社会信用代码证")
    LICENCE = "licence", _("营业执照")
    OLD_REGISTRATION = "old_registration", _("旧注册号")
    ORGANISATION_CODE = "organisation_code", _("组织机构代码证")
    INSTITUTION = "institution", _("事业单位法人证书")
    SOCIAL = "social", _("社会团体法人登记证书")
    RESIDENT = "resident", _("居民身份证")
    PASSPORT = "passport", _("护照")
    OFFICER = "officer", _("军官证")
    HOUSEHOLD = "household", _("户口簿")
    DRIVING = "driving", _("驾驶证")
    HK_MACAU = "hk_macau", _("港澳居民来往内地通行证")
    TAIWAN = "taiwan", _("台湾居民来往大陆通行证")
    PROPERTY = "property", _("房产证")


OF_ORGANISATIONS: Final = frozenset(
    {
        CertificateKind.CREDIT_CODE,
        CertificateKind.LICENCE,
        CertificateKind.OLD_REGISTRATION,
        CertificateKind.ORGANISATION_CODE,
        CertificateKind.INSTITUTION,
        CertificateKind.SOCIAL,
    }
)
"""Public registers: their numbers are no secret (class I); every other number is sealed."""
UNIFIED: Final = frozenset(
    {
        CertificateKind.CREDIT_CODE,
        CertificateKind.LICENCE,
        CertificateKind.INSTITUTION,
        CertificateKind.SOCIAL,
    }
)
"""Certificates that carry the unified social credit code today (B-51)."""


class CheckMethod(models.TextChoices):
    """How a certificate was checked (B-55)."""

    ORIGINAL = "original", _("核对原件")
    READER = "reader", _("读卡器")
    REGISTER = "register", _("联网核查")
    CALL_BACK = "call_back", _("电话回访")


class CheckChannel(models.TextChoices):
    """Where it was checked, and where a list entry came from (B-22, B-55)."""

    COUNTER = "counter", _("营业厅")
    DOOR = "door", _("上门")
    PHONE = "phone", _("电话")
    ONLINE = "online", _("网上")
    SYSTEM = "system", _("系统")


class CheckResult(models.TextChoices):
    """B-55."""

    PASSED = "passed", _("相符")
    FAILED = "failed", _("不符")


class ListColour(models.IntegerChoices):
    """红黑名单 (B-22). Integers, since an exclusion constraint compares ranges of them."""

    RED = 1, _("红名单")
    BLACK = 2, _("黑名单")


class PayChannel(models.TextChoices):
    """Where an external pay account is held (B-28)."""

    BANK = "bank", _("银行")
    UNIONPAY = "unionpay", _("银联")
    ALIPAY = "alipay", _("支付宝")
    WECHAT = "wechat", _("微信支付")
    OTHER = "other", _("其他渠道")


class ExternalStatus(models.TextChoices):
    """State of an external pay account (B-28)."""

    NORMAL = "normal", _("在用")
    ENDED = "ended", _("已停用")


class PartyKind(models.TextChoices):
    """What stands above several customer records (B-11)."""

    ORGANISATION = "org", _("单位")
    PERSON = "person", _("个人")


class ListObject(models.TextChoices):
    """What is listed (B-22). A party is not: its customers are, one by one."""

    CUSTOMER = "customer", _("客户")
    ACCOUNT = "account", _("帐户")
    USER = "user", _("用户")


class ValueKind(models.TextChoices):
    """What a free attribute holds (B-26)."""

    TEXT = "text", _("文字")
    NUMBER = "number", _("数字")
    DATE = "date", _("日期")
    CHOICE = "choice", _("选项")
    YES_NO = "yes_no", _("是否")


class DuplicateReason(models.TextChoices):
    """Why two archives may be one (B-14)."""

    NAME = "name", _("名称相同")
    WORDS = "words", _("仅公司字样不同")
    SWAP = "swap", _("相邻两字互换")
    DOUBLE = "double", _("多打一个重复字")
    SOUND = "sound", _("名称读音相同")
    SIGN = "sign", _("多一字或少一字")
    NEAR = "near", _("名称相近")
