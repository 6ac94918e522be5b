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
NICKNAMES = _words(
    "初夏 知夏 晚晴 星野 木子 鹿鸣 南风 北辰 清欢 小满 林夕 听雨 拾光 半夏 安然 沐阳 浅浅 七月 九月 云朵 "
    "三三 念念 橙子 柚子 布丁 奶茶 汤圆 年糕 土豆 可乐 麻薯 芝士 山山 青禾 言言 阿狸 一一 大橘 米粒 果果"
)
CALLED = _words("小 阿 大 老")
SURNAMES = _words("王 李 张 刘 陈 杨 黄 赵 周 吴 徐 孙 马 朱 胡 林 何 高 罗 梁")
SWEET = _words("糖 桃 鱼 鹿 米 豆 圆 柚 橙 茶 月 星 柠 梨 雪 团 妮 雯 琪 萌")
TITLES = _words(
    "姐姐 妈妈 同学 老师 学长 学姐 日记 笔记 研究所 工作室 小铺 的日常 爱分享 不打烊 在路上 慢生活"
)
EMOJI = _words("🌸 🍓 ✨ 🐱 🐶 🌿 ☕️ 🧋 📷 🏕️ 👗 💄 🍰 🌈 👩‍🍳")
LATIN = _words("Amy Coco Lily Leo Kiki Momo Nina Jojo Yuki Vivi Echo Luna Mia Zoe Bobo amir Doris Tina")
PROFESSIONS = _words("自由职业 学生 摄影师 设计师 服装配饰店 美食店 咖啡馆 民宿 教育培训 工作室")
BIO_LINES = (
    "每天更新一点点",
    "合作请私信📮",
    "商务合作请备注来意",
    "记录{city}的{niche}生活",
    "{niche}爱好者 | {city}",
    "分享真实的{niche}心得，不吹不黑",
    "坐标{city}，欢迎交流{niche}",
    "一个认真做{niche}的普通人",
    "上班族，周末研究{niche}",
    "{niche}干货 | 避坑 | 好物",
    "慢慢来，比较快",
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
    nickname = _nickname(random)
    if shape < 0.3:
        return nickname + niche + random.choice(TITLES)
    if shape < 0.5:
        return random.choice(CITIES) + niche + nickname
    if shape < 0.65:
        return f"{nickname}{random.choice(EMOJI)}{niche}"
    if shape < 0.8:
        return f"{random.choice(LATIN)}{niche}"
    if shape < 0.9:
        return f"{random.choice(LATIN)} {random.choice(LATIN)}"
    return nickname + random.choice(TITLES)


def _nickname(random: Random) -> str:
    shape = random.random()
    if shape < 0.4:
        return random.choice(NICKNAMES)
    if shape < 0.6:
        return random.choice(SWEET) * 2
    return random.choice(CALLED) + random.choice(SWEET if shape < 0.8 else SURNAMES)


def bio(random: Random, niche: str) -> str:
    """A bio of one to three lines."""
    lines = "\n".join(random.sample(BIO_LINES, k=random.randint(1, 3)))
    return lines.format(city=random.choice(CITIES), niche=niche)


def profession(random: Random, niche: str) -> str:
    """What a creator calls their work: the niche, mostly."""
    return f"{niche}博主" if random.random() < 0.7 else random.choice(PROFESSIONS)
