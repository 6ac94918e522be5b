"""Keywords as people write them, as many as are asked for."""

from collections.abc import Iterator
from itertools import count, islice, product


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


WHO = (
    "",
    *_words(
        "小个子 微胖 学生党 通勤 新手 平价 高级感 宝妈 男生 职场 打工人 敏感肌 大码 初秋 一人食 周末 亲子 "
        "复古 极简 日系 法式 韩系 国风 懒人 独居 情侣 长辈 户外 居家"
    ),
)
NICHE = _words(
    "穿搭 美妆 护肤 探店 美食 旅行 露营 健身 瑜伽 育儿 辅食 母婴 家居 收纳 装修 摄影 手帐 读书 考研 "
    "英语 编程 数码 汽车 骑行 跑步 滑雪 钓鱼 萌宠 绿植 花艺 咖啡 烘焙 减脂 食谱 发型 美甲 香水 珠宝 "
    "汉服 舞蹈 吉他 绘画 书法 电影 游戏 动漫 潮玩 婚礼"
)
ENDING = ("", *_words("博主 分享 教程 推荐 日记 好物 避坑 攻略 灵感 测评 清单 合集 干货 笔记 入门"))
WHERE = ("", *_words("北京 上海 广州 深圳 杭州 成都 重庆 南京 苏州 武汉 西安 长沙 青岛 厦门 昆明"))


def keyword_texts(number: int) -> Iterator[str]:
    """`number` different keywords, the same ones every time."""
    return islice(_all(), number)


def _all() -> Iterator[str]:
    for round_ in count():
        suffix = f" {round_ + 1}" if round_ else ""
        for where, ending, who, niche in product(WHERE, ENDING, WHO, NICHE):
            yield f"{where}{who}{niche}{ending}{suffix}"
