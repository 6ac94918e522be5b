"""The words creators' names and bios are made of."""

from __future__ import annotations

from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NICHES = _words(
    "穿搭 美妆 护肤 探店 美食 旅行 露营 健身 瑜伽 育儿 辅食 母婴 家居 收纳 装修 摄影 手帐 读书 考研 英语 "
    "编程 数码 汽车 骑行 跑步 滑雪 钓鱼 萌宠 猫咪 狗狗 绿植 花艺 咖啡 烘焙 减脂 食谱 发型 美甲 香水 珠宝 "
    "汉服 国风 舞蹈 吉他 钢琴 绘画 插画 书法 电影 追剧 游戏 动漫 潮玩 球鞋 婚礼 备孕 理财 职场 求职 留学"
)
CITIES = _words(
    "北京 上海 广州 深圳 杭州 成都 重庆 南京 苏州 武汉 西安 长沙 青岛 厦门 昆明 大理 三亚 天津 郑州 合肥 "
    "宁波 福州 济南 沈阳 大连 哈尔滨 贵阳 南宁 兰州 拉萨"
)
SYLLABLES = _words(
    "小 阿 大 糖 雨 晴 月 星 木 林 鱼 鹿 桃 米 豆 果 云 禾 安 然 一 七 九 南 北 夏 秋 冬 春 棠 柚 栀 言 语 "
    "心 念 初 暖 橙 茶 酒 风 雪 岛 海 川 舟 野 青 白"
)
TITLES = _words(
    "姐姐 妈妈 同学 老师 学长 学姐 日记 笔记 研究所 工作室 小铺 的日常 爱分享 不打烊 在路上 慢生活"
)
EMOJI = _words("🌸 🍓 ✨ 🐱 🐶 🌿 ☕️ 🧋 📷 🏕️ 👗 💄 🍰 🌈 👩‍🍳")
LATIN = _words("Amy Coco Lily Leo Kiki Momo Nina Jojo Yuki Vivi Echo Luna Mia Zoe Bobo amir Doris Tina")
PROFESSIONS = _words(
    "服装配饰店 美食博主 摄影师 健身教练 家居博主 母婴博主 旅行博主 教育博主 护肤博主 咖啡馆"
)
BIO_LINES = (
    "每天更新一点点",
    "合作请私信📮",
    "记录{city}的{niche}生活",
    "{niche}爱好者 | {city}",
    "分享真实的{niche}心得，不吹不黑",
    "坐标{city}，欢迎交流{niche}",
    "I love {niche}! DM for work",
    "谢谢你的关注❤️",
)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=1+1",
    '=HYPERLINK("http://evil.example","点我")',
    "@SUM(A1:A9)",
    "+86 13800000000",
    "-2+3",
    "'; DROP TABLE users; --",
    "{{ 7*7 }} %s %(name)s {0}",
    "换行\n制表\t回车\r",
    "nul\x00byte",
    "\u202e反向\u202c",
    "\ufeff带BOM",
    "  两边空格  ",
    "穿搭🧋" * 1500,
)


def name(random: Random, niche: str) -> str:
    """A display name; names repeat and identify nobody."""
    shape = random.random()
    syllables = random.choice(SYLLABLES) + random.choice(SYLLABLES)
    if shape < 0.3:
        return syllables + niche + random.choice(TITLES)
    if shape < 0.5:
        return random.choice(CITIES) + niche + syllables
    if shape < 0.65:
        return f"{syllables}{random.choice(EMOJI)}{niche}"
    if shape < 0.8:
        return f"{random.choice(LATIN)}{niche}"
    if shape < 0.9:
        return f"{random.choice(LATIN)} {random.choice(LATIN)}"
    return syllables + random.choice(TITLES)


def bio(random: Random, niche: str) -> str:
    """A bio of one to three lines."""
    lines = "\n".join(random.choices(BIO_LINES, k=random.randint(1, 3)))
    return lines.format(city=random.choice(CITIES), niche=niche)
