"""Sample data for the page that shows every component (templates/styleguide.html)."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

LONG_NAME = (
    "新疆维吾尔自治区伊犁哈萨克自治州" + "察布查尔锡伯自治县边境经济合作区综合零售连锁服务" * 8
)
RARE_NAME = "𬭩𫟼𠮷𡈼商行（䶮、㛃、喆、堃、昇）"


class SampleForm(forms.Form):
    """One field of each kind."""

    sections: ClassVar = (
        ("一、基本信息", ("name", "uscc", "kind", "opened_on", "region", "amount")),
        ("二、经营情况", ("size", "channels", "is_chain", "remark", "proof")),
    )
    name = forms.CharField(label="客户名称", max_length=100, help_text="与营业执照一致")
    uscc = forms.CharField(label="统一社会信用代码", max_length=18, min_length=18)
    kind = forms.ChoiceField(
        label="客户类型", choices=[("", "请选择"), ("a", "零售户"), ("b", "批发")]
    )
    opened_on = forms.DateField(label="开业日期", required=False)
    region = forms.ChoiceField(
        label="行政区划", choices=[("310101", "上海市 黄浦区")], required=False
    )
    amount = forms.DecimalField(label="注册资本（万元）", decimal_places=2, required=False)
    size = forms.ChoiceField(
        label="经营规模",
        choices=[("s", "小型"), ("m", "中型"), ("l", "大型")],
        widget=forms.RadioSelect,
    )
    channels = forms.MultipleChoiceField(
        label="销售渠道",
        choices=[("shop", "门店"), ("net", "网络"), ("wx", "微信")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    is_chain = forms.BooleanField(label="连锁经营", required=False)
    remark = forms.CharField(label="备注", widget=forms.Textarea, max_length=300, required=False)
    proof = forms.FileField(label="附件", required=False, help_text="不超过 20 MB")


def samples() -> dict[str, Any]:
    """All that the page needs, in one flat context."""
    now = timezone.now()
    return {
        **_lists(now.date()),
        **_record(now),
        **_approval(now),
        "now": now,
        "earlier": now - timedelta(minutes=3),
        "long_name": LONG_NAME,
        "rare_name": RARE_NAME,
        "form_empty": SampleForm(prefix="new"),
        "form_wrong": SampleForm({"bad-uscc": "9131000060720", "bad-name": "甲"}, prefix="bad"),
    }


def _lists(today: date) -> dict[str, Any]:
    """Lists, tiles, tabs, filters."""
    names = ("上海豫园南翔馒头店", LONG_NAME, "张记烟酒店", RARE_NAME)
    return {
        "tiles": [
            {"label": "我的客户", "value": "128", "unit": "户", "url": "#", "icon": "people"},
            {"label": "待我审批", "value": 12, "hint": "3 件今日到期", "tone": "warn"},
            {"label": "超时未联系", "value": 4, "tone": "bad", "icon": "exclamation-triangle"},
            {"label": "本月新增", "value": 27, "unit": "户"},
            {"label": "资料完整", "value": "86%", "tone": "good"},
        ],
        "tabs": [
            {"label": "待审批", "url": "#", "active": True, "count": 12, "late": True},
            {"label": "已审批", "url": "#", "count": 208},
            {"label": "我发起", "url": "#", "count": 0},
            {"label": "抄送我", "url": "#"},
        ],
        "crumb_items": [
            {"label": "首页", "url": "#"},
            {"label": "客户", "url": "#"},
            {"label": "张记烟酒店"},
        ],
        "chips": [
            {"label": "状态", "value": "正常", "url": "#"},
            {"label": "区域", "value": "黄浦区", "url": "#"},
        ],
        "chooser": {
            "url": "#",
            "density": "normal",
            "densities": [("normal", "标准"), ("tight", "紧凑")],
            "widths": [("", "自动"), ("narrow", "窄")],
            "columns": [
                {"key": "code", "label": "客户代码", "on": True, "locked": True},
                {"key": "name", "label": "名称", "on": True},
                {"key": "phone", "label": "电话", "on": False},
            ],
        },
        "rows": [
            {
                "code": f"KH31010100{number:04d}",
                "name": name,
                "manager": "李明" if number % 2 else "古丽巴哈尔·阿不都热依木",
                "status": ("active", "正常") if number % 3 else ("suspended", "暂停"),
                "owed": Decimal("1234567.5") * number,
                "since": today - timedelta(days=90 * number),
                "percent": 100 - 31 * number,
            }
            for number, name in enumerate(names)
        ],
        "wizard": [
            {"label": "上传", "state": "done", "url": "#"},
            {"label": "对应列", "state": "now"},
            {"label": "检查", "state": "todo"},
            {"label": "提交", "state": "todo"},
        ],
    }


def _record(now: Any) -> dict[str, Any]:
    """What a record shows."""
    change = {"label": "客户名称", "before": "张记烟酒", "after": "张记烟酒店", "changed": True}
    return {
        "mark": {"at": now - timedelta(days=3), "by": "李明", "form": "WH2026000123"},
        "events": [
            {
                "at": now - timedelta(minutes=12),
                "title": "基础信息变更提交审批",
                "who": "李明",
                "icon": "send",
                "tone": "info",
                "url": "#",
            },
            {
                "at": now - timedelta(hours=5),
                "title": "上门拜访",
                "who": "李明",
                "text": "店面重新装修，营业时间改为早七点至晚十点。",
                "icon": "geo-alt",
            },
            {"at": now - timedelta(days=9), "title": "客户建档", "who": "王芳", "tone": "good"},
        ],
        "diff": [
            change,
            {"label": "联系电话", "before": "", "after": "138****8000", "changed": True},
            {"label": "送货路线", "before": "黄浦 3 线", "after": None, "changed": True},
            {"label": "法定代表人", "before": "张三", "after": "张三", "changed": False},
        ],
        "conflict": [
            {**change, "field": "name", "mine": "张记烟酒店", "theirs": "张记烟酒商行"},
            {
                "field": "address",
                "label": "经营地址",
                "before": "人民路 1 号",
                "mine": "人民路 1 号甲",
                "theirs": LONG_NAME,
            },
        ],
        "systems": [
            {"name": "专卖", "state": "green", "text": "许可证已下发", "at": now},
            {"name": "订单中心", "state": "amber", "text": "已发送，等待回执"},
            {"name": "银行", "state": "red", "text": "账户核验未通过"},
            {"name": "物流", "state": "grey", "text": "尚未开始"},
        ],
    }


def _approval(now: Any) -> dict[str, Any]:
    """A case on its way, with a branch that is late."""
    late = {"state": "waiting", "since": now - timedelta(days=4), "due": now, "late": True}
    return {
        "stages": [
            {
                "title": "填报",
                "state": "done",
                "steps": [{"duty": "客户经理", "who": "李明", "state": "approved", "at": now}],
            },
            {
                "title": "三部门会签",
                "state": "now",
                "steps": [
                    {
                        "duty": "营销部",
                        "who": "王芳",
                        "state": "approved",
                        "at": now,
                        "for_whom": "赵强",
                        "opinion": "资料属实，同意",
                    },
                    {"duty": "配送中心", **late},
                    {"duty": "网络科", "state": "waiting", "since": now, "due": now},
                ],
            },
            {
                "title": "分管领导",
                "state": "next",
                "steps": [{"duty": "副经理", "state": "future"}],
            },
        ],
        "opinions": ["同意", "资料属实，同意办理", "请补充营业执照照片"],
    }
