"""Everything a deployment needs beside its schema, loaded by one idempotent call (part 10)."""

from typing import Final

from crm.core.services.reference import load_dictionary, load_regions
from crm.identity.services.reference import load_rights
from customers.services.reference import load_field_rules

DICTIONARIES: Final[dict[str, list[tuple[str, str]]]] = {
    "document_format": [("standard", "标准格式"), ("jiangsu_unicom", "江苏联通格式")],
    "customer_class": [
        ("vip", "VIP"),
        ("agent", "代理商"),
        ("employee", "员工"),
        ("operator", "其他运营商"),
        ("ordinary", "普通"),
    ],
    "order_mode": [("online", "网上订货"), ("phone", "电话订货")],
    "settlement_mode": [("withholding", "网上扣划"), ("cash", "现金")],
    "market_type": [("C", "城镇"), ("X", "乡村")],
    "business_format": [
        ("Z", "食杂店"),
        ("S", "超市"),
        ("B", "便利店"),
        ("Y", "烟酒商店"),
        ("F", "娱乐服务"),
        ("M", "商场"),
        ("O", "其他"),
    ],
    "customer_level": [
        (tier, tier)
        for tier in [
            *(f"A{n}" for n in range(1, 7)),
            *(f"B{n}" for n in range(1, 8)),
            "C1",
            "C2",
        ]
    ],
    "order_cycle": [
        ("mon", "周一"),
        ("tue", "周二"),
        ("wed", "周三"),
        ("thu", "周四"),
        ("fri", "周五"),
        ("sat", "周六"),
        ("sun", "周日"),
    ],
    "visit_cycle": [("week", "每周"), ("fortnight", "每两周"), ("month", "每月")],
    "cable_service": [
        ("tv", "数字电视"),
        ("broadband", "宽带"),
        ("interactive", "互动电视"),
        ("line", "专线"),
    ],
    "red_list": [("vip", "重要客户"), ("honest", "诚信客户"), ("partner", "合作单位")],
    "black_list": [
        ("arrears", "恶意欠费"),
        ("fraud", "冒用证件"),
        ("resale", "违规转售"),
        ("abuse", "恶意投诉"),
    ],
    "bank": [
        ("icbc", "中国工商银行"),
        ("abc", "中国农业银行"),
        ("boc", "中国银行"),
        ("ccb", "中国建设银行"),
        ("psbc", "邮政储蓄银行"),
        ("sxxh", "陕西信合"),
    ],
}


def load_reference() -> dict[str, int]:
    """Load all of it; returns rows by name. Safe to repeat, safe after people changed things."""
    loaded = {"regions": load_regions(), "rights": load_rights(), "fields": load_field_rules()}
    for kind, entries in DICTIONARIES.items():
        loaded[kind] = load_dictionary(kind=kind, entries=entries)
    return loaded
