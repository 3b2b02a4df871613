"""The bad inputs of trust 2.9, parts A, B, C, D and F, as one table.

A line is (id, where, input, expectation). `where` is a field of the archive, tried at the browser's
form and at the API alike, or `check` for fields whose door stands in another room, or `request` for
a whole call of the API. Expectations: SAME (kept exactly as typed), a text (kept like that),
`err:code` (refused at its field, nothing written), `INERT` (kept and shown as text), a status, or
`later: issue N` where the feature comes with that issue, `elsewhere: file` where another test
holds the line.
"""

from typing import NamedTuple

SAME = "same"
INERT = "inert"


class Line(NamedTuple):
    """One line of the corpus."""

    id: str
    where: str
    value: object
    want: object


NAME, REMARK, CODE = "customer.name", "customer.remark", "customer.credit_code"
PHONE, EMAIL, ADDRESS = "customer.phone", "customer.email", "customer.address"
PERSON, MOBILE = "contact.name", "contact.mobile"
IDENTITY_NO, AGE = "contact.identity_no", "contact.age"
DAY, ACCOUNT_NO = "retail.licence_valid_to", "bank.account_no"

NAMES = [
    Line("B001", NAME, "", "err:required"),
    Line("B002", NAME, " " * 20, "err:required"),
    Line("B004", NAME, "　陕西省电信有限公司　", "陕西省电信有限公司"),
    Line("B005", "twin", ("中国电信（西安）", "中国电信(西安)"), "already_exists"),
    Line("B007", PERSON, "买买提·艾力", SAME),
    Line("B008a", PERSON, "买买提•艾力", "买买提·艾力"),
    Line("B008b", PERSON, "买买提．艾力", "买买提·艾力"),
    Line("B008c", PERSON, "买买提・艾力", "买买提·艾力"),
    Line("B010", NAME, "𠮷野家商行", SAME),
    *(Line(f"B011-{sign}", PERSON, f"王{sign}", SAME) for sign in "㛃䶮𫖯𬭎"),
    Line("B013", NAME, "张三\u202ecod.exe", "err:direction"),
    Line("B014a", NAME, "张\u0000三", "err:control"),
    Line("B014b", REMARK, "张\u0000三", "err:control"),
    Line("B016", NAME, "Caf\u0065\u0301 商行", "Caf\u00e9 商行"),
    *(Line(f"B017-{sign}", NAME, f"{sign}西安商行", SAME) for sign in "㈱ﬁ①"),
    Line("B019", NAME, "啊" * 10_000, "err:too_long"),
    Line("B020", REMARK, "长" * 349_526, "err:too_long"),
    Line("B022", NAME, "西安\t瑞吉", "西安 瑞吉"),
    *(
        Line(f"B023-{word}", NAME, word, SAME)
        for word in ("null", "None", "NULL", "undefined", "NaN", "true", "0")
    ),
    Line("B025", "candidate", ("陕西电信", "陝西電信"), "名称相同或相近"),
    Line("B026", "doubt", {"name": "Мicrosoft"}, "不是英文字母"),
    Line("B028", NAME, "\ufeff西安瑞吉", "西安瑞吉"),
    *(
        Line(f"B029-{ord(sign):02x}", NAME, f"西安{sign}瑞吉", "err:control")
        for sign in "\x0b\x1b\x85"
    ),
    Line("B031", "", "", "elsewhere: test_pages_register.py"),
    Line("B032", "", "", "elsewhere: the browser test"),
]

IDENTIFIERS = [
    Line("B034", CODE, "91350100M000100Y4Z", "err:check_digit"),
    Line("B035", CODE, "91350100M00O100Y43", "err:alphabet"),
    Line("B037", CODE, "９１３５０１００Ｍ０００１００Ｙ４３", "91350100M000100Y43"),
    Line("B038", CODE, "610100100000123", "err:legacy_registration"),
    Line("B040", IDENTITY_NO, "110105194912310021", "err:check_digit"),
    Line("B041", IDENTITY_NO, "110101190002290011", "err:birth_date"),
    Line("B043a", IDENTITY_NO, "110101209901010017", "err:birth_date"),
    Line("B043b", IDENTITY_NO, "110101187001010017", "err:birth_date"),
    Line("B044", IDENTITY_NO, "999999199001010016", "err:region"),
    Line("B046", IDENTITY_NO, "110105 1949-1231 002X", "11010519491231002X"),
    Line("B047", IDENTITY_NO, "E12345678", "err:other_document"),
    Line("B049", "", "", "elsewhere: test_pages_editing.py, test_api.py"),
    Line("B050", ACCOUNT_NO, ("personal", "6222020000000000000"), SAME),
    Line("B052", ACCOUNT_NO, ("corporate", "3700012345678901"), SAME),
    Line("B053a", ACCOUNT_NO, ("personal", "6222ABCD00000000"), "err:format"),
    Line("B053b", ACCOUNT_NO, ("personal", "1234567"), "err:length"),
    Line("B053c", ACCOUNT_NO, ("corporate", "1" * 31), "err:length"),
    Line("B055", "", "", "elsewhere: test_bank.py"),
    Line("B056a", MOBILE, "+86 138-0013-8000", "13800138000"),
    Line("B056b", MOBILE, "１３８００１３８０００", "13800138000"),
    Line("B058a", PHONE, "029-88888888-802", SAME),
    Line("B058b", PHONE, "0371－66666666", "0371-66666666"),
    Line("B058c", PHONE, "400-050-0827", SAME),
    Line("B059a", "doubt", {"phone": "110"}, "像短号码"),
    Line("B059b", "doubt", {"phone": "00000000"}, "号码各位相同"),
    Line("B061", EMAIL, "张三@例子.中国", "err:format"),
    Line("B062a", EMAIL, "a@b.cn\nBcc: x@y.cn", "err:line_break"),
    Line("B062b", NAME, "张三\nBcc: x@y.cn", "err:line_break"),
    Line("B064", "places", ("610000", "440100"), "err"),
    Line("B065", "extra", {"code": "61060000000017"}, "read_only"),
    Line("B067", "", "", "later: issue 8"),
    Line("B068", "", "", "later: issue 8"),
    Line("B070", "", "", "later: issue 4"),
    Line("B071a", "above", ("甲", "甲"), "单位不能隶属于自己"),
    Line("B071b", "above", ("甲", "丙"), "上级单位不能是本单位的下属单位"),
    Line("B073", "", "", "later: issue 6"),
    Line("B074", "", "", "later: issue 6"),
]

NUMBERS = [
    *(
        Line(f"B076-{at}", DAY, text, "2024-02-29")
        for at, text in enumerate(
            ["2024-02-29", "2024/2/29", "2024.2.29", "2024年2月29日", "20240229"]
        )
    ),
    Line("B077a", DAY, "24-2-9", "err:ambiguous"),
    Line("B077b", DAY, "02/03/04", "err:ambiguous"),
    Line("B079", DAY, "45351", "err:excel_serial"),
    Line("B080", "", "", "later: issue 6"),
    Line("B082a", DAY, "2025-01-01T00:00:00+14:00", "2024-12-31"),
    Line("B082b", DAY, "2025-01-01T00:00:00Z", "2025-01-01"),
    Line("B082c", DAY, "2025-01-01T00:00:00", "2025-01-01"),
    *(
        Line(f"B083-{text}", AGE, text, "err")
        for text in ("1e400", "Infinity", "NaN", "0x10", "1_000")
    ),
    Line("B085", "", "", "later: issue 6"),
    Line("B086", AGE, "-1", "err"),
    Line("B088", "", "", "later: issue 7"),
    Line("B089", "", "", "later: issue 7"),
    Line("B091", AGE, "3.5", "err"),
    Line("B092", "", "", "later: issue 7"),
    Line("B094", "", "", "later: issue 7"),
    Line("B095", "", "", "later: issue 7"),
    Line("B097", "", "", "later: issue 9"),
    *(
        Line(f"B098-{text}", "request", ("get", f"?page={text}"), 400)
        for text in ("0", "-1", "1.5", "abc", "1e9")
    ),
]

_MARKUP = {
    "B100": '"><img src=x onerror=window.__x=1>',
    "B101": "<svg/onload=window.__x=1>",
    "B103": "data:text/html,<script>alert(1)</script>",
    "B104a": "</title><script>window.__x=1</script>",
    "B104b": "</textarea><b>x</b>",
    "B104c": "--></style><i>x</i>",
    "B106": "</script><script>window.__x=1//",
    "B107a": "{{7*7}}<q>",
    "B107b": "{% debug %}<q>",
    "B107c": "{{ settings.SECRET_KEY }}<q>",
    "B109": "${7*7}#{7*7}<%= 7*7 %>*{7*7}",
    "B110a": "' OR '1'='1<q>",
    "B110b": "'; DROP TABLE customers;--<q>",
    "B118": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    "B119": "[x](javascript:alert(1)) ![](http://10.0.0.1/p.png)<q>",
    "B121": "<constructor>__proto__ toString",
    "B122": "../../etc/passwd ..\\..\\win.ini %2e%2e%2f<q>",
    "B124": '@everyone <at user_id="all">',
}
MARKUP = [
    *(
        Line(f"{key}-{where}", where, text, INERT)
        for key, text in _MARKUP.items()
        for where in (NAME, ADDRESS, REMARK)
    ),
    Line("B112", "", "", "elsewhere: test_pages_list.py"),
    Line("B113", "", "", "elsewhere: test_pages_list.py"),
    Line("B115", NAME, "张三\r\n2026-01-01 INFO login ok user=admin", "err:line_break"),
    Line("B116", NAME, "\x1b[2J\x1b]0;pwn\x07", "err:control"),
]

_BODY = '{"name": "甲", "province": "610000", "city": "610600"'
PROTOCOL = [
    Line("B155", "", "", "elsewhere: test_api.py"),
    Line("B157a", "request", ("post", "name=x"), 400),
    Line("B157b", "request", ("post", _BODY), 400),
    Line("B157c", "request", ("post", f"{_BODY},}}"), 400),
    Line("B157d", "request", ("post", f"\ufeff{_BODY}}}"), 400),
    Line("B158a", "request", ("post", f"{_BODY}}}", {"Content-Type": "text/plain"}), 415),
    Line("B158b", "request", ("post", "<x/>", {"Content-Type": "application/xml"}), 415),
    Line("B160a", "request", ("post", "[" * 100 + "]" * 100), 400),
    Line("B160b", "request", ("post", "[" * 100_000), 400),
    Line("B160c", "request", ("post", '{"remark": "' + "x" * 2_200_000 + '"}'), 400),
    Line("B161", "request", ("post", f'{_BODY}, "name": "乙"}}'), 400),
    Line("B163", "", "", "elsewhere: test_api.py"),
    Line("B164", "", "", "elsewhere: test_api.py"),
    *(
        Line(f"B166-{at}", "request", ("post", f"{_BODY[:-8]}{value}}}"), 400)
        for at, value in enumerate(
            ["true", "[610100]", '{"code": 1}', "9223372036854775808", "-1", '"uuid"', "610100"]
        )
    ),
    Line("B167", "", "", "elsewhere: test_api.py"),
    Line("B169", "", "", "elsewhere: test_api.py"),
    Line("B170a", "request", ("post", f"{_BODY}}}", {"Idempotency-Key": ""}), 400),
    Line("B170b", "request", ("post", f"{_BODY}}}", {"Idempotency-Key": "x" * 256}), 400),
    Line("B170c", "request", ("post", f"{_BODY}}}", {"Idempotency-Key": "键"}), 400),
    Line("B172", "request", ("get", "", {"Accept": "application/xml"}), 406),
    Line("B173a", "request", ("get", "", {"Host": "evil.cn"}), 400),
    Line("B173b", "request", ("get", "", {"X-Forwarded-Host": "evil.cn"}), 200),
    Line("B173c", "request", ("get", "", {"X-Original-URL": "/admin/"}), 200),
    Line("B175", "", "", "elsewhere: test_inputs.py"),
    Line("B176", "", "", "elsewhere: the server's own limits"),
    Line("B178a", "request", ("post", f"[{_BODY}}}{f', {_BODY}}}' * 10_000}]"), 400),
    Line("B178b", "chosen", (10_001, ""), 400),
    Line("B178c", "chosen", (201, "一次最多勾选 200 条"), 400),
    Line("B178d", "", "", "elsewhere: test_pages_many.py, test_pages_units.py"),
    Line("B179a", "request", ("post", f'{_BODY}, "phone": 13800138000}}'), 400),
    Line("B179b", "request", ("post", f'{_BODY}, "credit_code": 91350100000100043}}'), 400),
    Line("B181", "", "", "elsewhere: test_api.py"),
    Line("B182", "", "", "elsewhere: test_api.py"),
    Line("B184", "", "", "elsewhere: test_webhook.py"),
    Line("B185", "", "", "elsewhere: the registration room's API tests"),
]
TABLE = [*NAMES, *IDENTIFIERS, *NUMBERS, *MARKUP, *PROTOCOL]
