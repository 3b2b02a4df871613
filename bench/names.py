"""Names of shops and companies as they are found: few words very often, many seldom (Zipf)."""

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Final

TRADES: Final = (
    *("商店", "超市", "烟酒店", "便利店", "百货店", "批发部", "副食店", "商行", "烟酒商行"),
    *("综合商店", "食品店", "购物中心", "便民店", "小卖部", "烟酒副食店", "生活超市", "土特产店"),
    *("茶叶店", "文具店", "酒楼", "宾馆", "招待所", "餐馆", "加油站便利店", "网吧", "书报亭"),
)
COMPANIES: Final = (
    *("商贸有限公司", "汽车修理有限公司", "贸易有限责任公司", "科技有限公司", "餐饮管理有限公司"),
    *("物流有限公司", "实业有限公司", "通信服务有限公司", "集团有限公司", "维修服务中心"),
)
FIRST: Final = "便华兴永新福鑫金宏恒万利德百天家长顺祥瑞盛大东美佳和诚信光明泰丰隆源广联众安康乐友"
SECOND: Final = "民达旺盛源发丰泰和昌隆鑫利兴美佳乐康顺祥福来润通宇安诚信德业辉华星海洋龙凤云峰山"
SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN: Final = "建国志强秀英桂兰小军丽华晓东红梅海燕文斌永刚玉珍俊杰雪梅国庆春生宝成新民金凤"
STREETS: Final = (
    *("人民", "解放", "建设", "中山", "和平", "文化", "胜利", "新华", "东风", "长安", "朝阳"),
    *("友谊", "光华", "迎宾", "北大", "南关"),
)

_PLAIN, _COMPANY, _PERSON = range(3)


def zipf(count: int, *, power: float = 1.0) -> list[float]:
    """Running sums of 1/n^power: weights for `random.choices`."""
    return list(itertools.accumulate(1 / place**power for place in range(1, count + 1)))


class Names:
    """An endless stream of names from one seed."""

    def __init__(self, seed: int, places: Sequence[str]) -> None:
        self.random = random.Random(seed)  # noqa: S311  (test data)
        self.places = places
        self.brands = [one + two for one in FIRST for two in SECOND]
        # Neighbours in rank must not share their first character.
        random.Random(7).shuffle(self.brands)  # noqa: S311

    def take(self, count: int) -> Iterator[tuple[str, str]]:
        """`count` pairs of a shop's or company's name and its owner's name."""
        pick = self.random.choices
        columns = zip(
            pick((_PLAIN, _COMPANY, _PERSON), (72, 13, 15), k=count),
            pick(self.places, cum_weights=zipf(len(self.places), power=0.6), k=count),
            pick(self.brands, cum_weights=zipf(len(self.brands), power=0.9), k=count),
            pick(TRADES, cum_weights=zipf(len(TRADES)), k=count),
            pick(COMPANIES, cum_weights=zipf(len(COMPANIES)), k=count),
            pick(SURNAMES, cum_weights=zipf(len(SURNAMES), power=0.8), k=count),
            pick(GIVEN, k=count),
            pick(GIVEN, k=count),
            strict=True,
        )
        for form, place, brand, trade, company, surname, one, two in columns:
            owner = surname + one + two
            if form == _PLAIN:
                yield place + brand + trade, owner
            elif form == _COMPANY:
                yield place + brand + company, owner
            else:
                yield owner + trade, owner
