"""Our forms on paper (T-7, T-10, T-11, T-13; SEC-05, corpus K and L)."""

import io
import re
import zlib

import pypdfium2
import pytest
from django.test import override_settings
from django.utils import translation
from PIL import Image
from pypdfium2 import raw

from archive import printing
from archive.printing import (
    FetchRefused,
    print_registration,
    print_transfer,
    qr_data_uri,
    render_pdf,
    static_path,
)
from archive.tests import sheets

pytestmark = pytest.mark.slow


def read(pdf):
    """The pages' texts without line breaks and spaces: a cell may break anywhere."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        texts = [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()
    return ["".join(text.split()) for text in texts]


@pytest.fixture(scope="module")
def registration_pdf():
    return print_registration(sheets.registration(), mark=sheets.MARK)


def test_t7_the_registration_form_carries_every_field_of_both_blocks(registration_pdf):
    (text,) = read(registration_pdf)
    for said in (
        "客户基础信息登记表",
        "延安市宝塔区烟草专卖局",
        "登记表编号：DJ2026000123",
        "审批单号：SP2026000456",
        "第2次提交（审批中）",
        "客户代码61060200001234",
        "许可证号610610327428",
        "有效期2024-03-14至2027-03-13",
        "店铺名称川口𠮷祥䶮龘商行",
        "经营场所延安市宝塔区川口镇北街253号",
        "法定代表人何然雨",
        "联系电话18649145818",
        "订货方式网上订货",
        "结算方式网上扣划",
        "客户级别A3",
        "送货线路川口1线",
        "市场类型乡村",
        "业态烟酒商店",
        "订货周期周一",
        "拜访周期每周",
        "送货地址川口镇南街8号",
        "扣款账户：************8070",
        "填表人：徐静华",
    ):
        assert said in text, said


def test_the_identity_number_is_masked_whatever_arrives(registration_pdf):
    (text,) = read(registration_pdf)
    assert "身份证号610***********027X" in text
    assert "61060219790215027X" not in text
    assert b"61060219790215027X" not in registration_pdf


def test_t13_every_approver_has_a_box_with_opinion_name_and_time(registration_pdf):
    (text,) = read(registration_pdf)
    for duty, name, opinion in zip(sheets.DUTIES, sheets.SIGNERS, sheets.OPINIONS, strict=True):
        assert f"{duty}意见：" in text
        assert f"签名：{name}" in text
        assert f"同意。{opinion}" in text
    assert text.count("2026年11月22日09:30") == 6


def test_t38_to_t41_the_four_ticks_say_by_whom(registration_pdf):
    (text,) = read(registration_pdf)
    assert all(task in text for task in sheets.TASKS)
    assert text.count("办理人：陈涵国") == 3


def test_t36_the_ways_of_notice_are_on_it(registration_pdf):
    (text,) = read(registration_pdf)
    assert "口头通知并移交登记表张芳陈涵国" in text


def test_the_page_says_who_printed_it_when_and_which_page_it_is(registration_pdf):
    (text,) = read(registration_pdf)
    assert "打印：刘敏网建办2026-11-2209:30" in text
    assert "第1页/共1页" in text


def test_an_unsigned_form_has_empty_boxes_to_sign_by_hand():
    (text,) = read(print_registration(sheets.registration(signed=0), mark=sheets.MARK))
    assert text.count("签名：年月日") == 6
    assert "同意" not in text


def test_a_name_of_200_characters_is_printed_whole():
    name = "".join(chr(0x4E00 + n) for n in range(200))
    (text, *_more) = read(
        print_registration(sheets.registration(store_name=name), mark=sheets.MARK)
    )
    assert name in text


def test_long_opinions_flow_to_a_second_page_and_nothing_is_lost():
    opinion = "因经营面积、配送条件等情况需要说明如下:" * 14
    pages = read(print_registration(sheets.registration(opinion=opinion), mark=sheets.MARK))
    assert len(pages) == 2
    assert "第2页/共2页" in pages[1]
    assert "客户基础信息登记表DJ2026000123" in pages[1]
    assert "".join(pages).count(opinion) == 6


def test_t10_t11_the_transfer_form_lists_what_is_done_and_what_is_wanted():
    (text,) = read(print_transfer(sheets.transfer(), mark=sheets.MARK))
    for said in (
        "客户基础信息传递表",
        "传递表编号：CD2026000077",
        "登记表编号：DJ2026000123",
        "客户代码61060200001234",
        "店铺名称川口𠮷祥䶮商行",
        "接收单位延安市烟草公司订单中心",
        "一、本单位已维护的信息",
        "1送货线路川口1线EM、CRM",
        "二、请订单中心维护的信息",
        "1客户级别A3由订单中心核定",
        "2订货方式网上订货",
        "签名：刘敏2026年11月22日",
        "回执编号：年月日",
        "第1页/共1页",
    ):
        assert said in text, said


def test_t46_the_receipt_of_the_order_centre_is_printed_once_it_is_there():
    (text,) = read(print_transfer(sheets.transfer(receipt=True), mark=sheets.MARK))
    assert "已维护回执编号：HZ-88992026年11月22日09:30" in text


def test_paper_is_in_chinese_for_an_english_reader():
    with translation.override("en"):
        (text,) = read(print_transfer(sheets.transfer(), mark=sheets.MARK))
    assert "客户基础信息传递表" in text


def test_every_font_is_embedded_so_the_print_looks_the_same_everywhere(registration_pdf):
    document = pypdfium2.PdfDocument(registration_pdf)
    texts = list(document[0].get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]))
    embedded = [raw.FPDFFont_GetIsEmbedded(raw.FPDFTextObj_GetFont(text)) for text in texts]
    document.close()
    assert len(embedded) > 50
    assert set(embedded) == {1}


def test_a_print_is_made_for_keeping(registration_pdf):
    said = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", registration_pdf, re.DOTALL)
    plain = b"".join(_inflated(part) for part in said)
    assert b'pdfaid:part="2" pdfaid:conformance="U"' in plain


def _inflated(part):
    try:
        return zlib.decompress(part)
    except zlib.error:
        return part


def test_a4_and_legible_without_colour(registration_pdf):
    document = pypdfium2.PdfDocument(registration_pdf)
    width, height = document[0].get_size()
    picture = document[0].render(scale=0.5).to_pil().convert("RGB")
    document.close()
    assert (round(width), round(height)) == (595, 842)
    colours = {pixel for _count, pixel in picture.getcolors(1 << 20)}
    assert all(max(pixel) - min(pixel) < 8 for pixel in colours)


def test_markup_in_a_name_is_text():
    sheet = sheets.registration(store_name="<img src=http://127.0.0.1/x><b>店")
    (text,) = read(print_registration(sheet, mark=sheets.MARK))
    assert "<imgsrc=http://127.0.0.1/x><b>店" in text


OUTSIDE = [
    "http://127.0.0.1/x.png",
    "https://evil.cn/x.png",
    "http://2130706433/x",
    "file:///etc/passwd",
    "file:///static/css/sheet.css",
    "ftp://127.0.0.1/x",
    "gopher://127.0.0.1/x",
    "//127.0.0.1/static/css/sheet.css",
    "http://print.invalid/media/x",
    "http://print.invalid/static/../../../../etc/passwd",
    "http://print.invalid/static/%2e%2e/%2e%2e/etc/passwd",
    "http://print.invalid/static/css/none.css",
    "http://print.invalid:80/static/css/sheet.css",
    "http://user@print.invalid/static/css/sheet.css",
    "javascript:alert(1)",
    "/etc/passwd",
    "",
]


@pytest.mark.parametrize("url", OUTSIDE)
def test_b280_b283_nothing_but_static_files_is_fetched(url):
    with pytest.raises(FetchRefused):
        static_path(url)


def test_a_static_file_is_found_on_disk():
    assert static_path("http://print.invalid/static/css/sheet.css").name == "sheet.css"


def test_a_symlink_out_of_the_collected_files_is_not_followed(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    root = tmp_path / "static"
    root.mkdir()
    (root / "out.css").symlink_to(secret)
    with override_settings(STATIC_ROOT=root), pytest.raises(FetchRefused):
        static_path("http://print.invalid/static/out.css")


def test_sec05_a_template_that_asks_outside_gets_nothing_and_the_print_is_made(
    monkeypatch, live_server_closed
):
    html = (
        f'<link rel="stylesheet" href="{live_server_closed.url}/x.css">'
        f'<img src="{live_server_closed.url}/x.png"><img src="file:///etc/hostname">'
        f'<p style="background:url({live_server_closed.url}/y)">纸</p>'
        f'<img src="{qr_data_uri("x")}">'
    )
    monkeypatch.setattr(printing, "render_to_string", lambda template, context: html)
    assert read(render_pdf("any", {})) == ["纸"]
    assert live_server_closed.asked == []


def test_the_qr_code_holds_the_case(registration_pdf):
    document = pypdfium2.PdfDocument(registration_pdf)
    picture = document[0].render(scale=2).to_pil().convert("L")
    document.close()
    corner = picture.crop((int(picture.width * 0.82), 0, picture.width, int(picture.height * 0.13)))
    dark = sum(corner.histogram()[:64]) / (corner.width * corner.height)
    assert 0.1 < dark < 0.6
    assert qr_data_uri("a") != qr_data_uri("b")
    assert qr_data_uri("a").startswith("data:image/svg+xml;base64,")


def test_a_print_may_be_frozen_as_it_is(registration_pdf):
    assert registration_pdf.startswith(b"%PDF-")
    assert isinstance(Image.open(io.BytesIO(_first_page(registration_pdf))), Image.Image)


def _first_page(pdf):
    document = pypdfium2.PdfDocument(pdf)
    out = io.BytesIO()
    document[0].render(scale=0.2).to_pil().save(out, "PNG")
    document.close()
    return out.getvalue()
