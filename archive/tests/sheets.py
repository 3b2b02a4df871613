"""Filled-in forms for the printing tests."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from archive.forms_print import (
    MonopolyBlock,
    PrintMark,
    RegistrationSheet,
    SalesBlock,
    SheetField,
    SheetNotice,
    SheetSignature,
    SheetTick,
    TransferSheet,
)

AT = datetime(2026, 11, 22, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
MARK = PrintMark("刘敏", AT, "网建办")
DUTIES = ("中队长", "专卖负责人", "客户服务中心", "配送中心", "网建办", "主管销售副经理")
SIGNERS = ("李建红", "王伟", "周志", "吕军明", "刘敏", "赵国强")
OPINIONS = ("情况属实", "符合规定", "资料齐全", "可按川口1线配送", "绑定完成", "同意入网")
TASKS = ("客户调查", "商定配送数据", "商定扣划数据并绑定", "核对专卖信息")


def registration(*, store_name="川口𠮷祥䶮龘商行", signed=6, notices=2, opinion=None):
    signatures = tuple(
        SheetSignature(duty, SIGNERS[n], "同意", opinion or OPINIONS[n], AT)
        if n < signed
        else SheetSignature(duty)
        for n, duty in enumerate(DUTIES)
    )
    routes = ("口头通知并移交登记表", "ZM、CRM 书面通知", "ZM 提示信息写入 EM")[:notices]
    return RegistrationSheet(
        organisation="延安市宝塔区烟草专卖局",
        form_number="DJ2026000123",
        case_number="SP2026000456",
        round=2,
        status="审批中",
        monopoly=MonopolyBlock(
            customer_code="61060200001234",
            licence_number="610610327428",
            licence_valid="2024-03-14 至 2027-03-13",
            store_name=store_name,
            premises="延安市宝塔区川口镇北街253号",
            legal_representative="何然雨",
            identity_number="61060219790215027X",
            phone="18649145818",
            filled_by="徐静华",
            filled_at=AT,
        ),
        sales=SalesBlock(
            order_mode="网上订货",
            settlement_mode="网上扣划",
            tier="A3",
            route="川口1线",
            market_type="乡村",
            business_format="烟酒商店",
            order_cycle="周一",
            visit_cycle="每周",
            delivery_address="川口镇南街8号",
            others=(SheetField("扣款账户", "**** **** **** 8070"),),
            filled_by="陈涵国",
            filled_at=AT,
        ),
        ticks=tuple(
            SheetTick(task, n < 3, "陈涵国" if n < 3 else "") for n, task in enumerate(TASKS)
        ),
        signatures=signatures,
        notices=tuple(SheetNotice(route, "张芳", "陈涵国", AT) for route in routes),
    )


def transfer(*, receipt=False):
    told = {"receipt_number": "HZ-8899", "receipt_at": AT, "receipt_note": "已维护"}
    return TransferSheet(
        organisation="延安市宝塔区烟草专卖局",
        form_number="CD2026000077",
        case_number="SP2026000456",
        registration_number="DJ2026000123",
        customer_code="61060200001234",
        customer_name="川口𠮷祥䶮商行",
        licence_number="610610327428",
        maintained=(
            SheetField("送货线路", "川口1线", "EM、CRM"),
            SheetField("订货周期", "周一", "EM、CRM"),
        ),
        wanted=(SheetField("客户级别", "A3", "由订单中心核定"), SheetField("订货方式", "网上订货")),
        maker="刘敏",
        made_on=date(2026, 11, 22),
        receiver="延安市烟草公司订单中心",
        **(told if receipt else {}),
    )
