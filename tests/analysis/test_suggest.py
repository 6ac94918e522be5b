"""Words that many creators have and no keyword covers."""

from random import Random

from crawler.analysis.suggest import suggest

NICHES = ("露营装备", "穿搭", "咖啡", "骑行", "citywalk")
PLACES = ("上海", "成都", "北京", "广州", "西安", "青岛")
NAMES = "小鹿 阿满 南瓜 橙子 星野 木木 大熊 七月 初夏 半夏 安然 听雨 云朵 麻薯 土豆 可乐".split()  # noqa: SIM905 - read as a line


def texts(count=400, niches=NICHES, seed=1):
    random = Random(seed)
    drawn = []
    for _one in range(count):
        niche = random.choice(niches)
        name = random.choice(NAMES) + random.choice(PLACES)
        bio = random.choice(
            (
                f"{niche}爱好者，合作请私信",
                f"分享真实的{niche}心得",
                f"坐标成都，每天{niche}",
                f"一个认真做{niche}的人",
            )
        )
        drawn.append((f"{name} \n {bio}", name, random.choice((None, 100, 9000))))
    return drawn


def words(*covered, **options):
    return [one.keyword for one in suggest(texts(), covered, **{"limit": 12} | options)]


def test_the_niches_that_no_keyword_names_are_found_whole():
    found = words("穿搭")
    assert {"露营装备", "咖啡", "骑行", "citywalk"} <= set(found)
    assert not {"露营", "营装", "装备", "露营装"} & set(found)


def test_a_part_of_a_keyword_and_what_holds_one_are_covered():
    found = words("穿搭", "上海露营装备推荐", "咖", "CITYWALK".casefold())
    assert not {"露营装备", "citywalk", "上海"} & set(found)
    assert "咖啡" in found  # one character is no word of its own


def test_what_everybody_writes_is_no_keyword():
    assert not {"合作", "私信", "分享", "每天", "坐标", "爱好者"} & set(words("穿搭"))


def test_every_suggestion_says_how_many_have_it_and_shows_one():
    for one in suggest(texts(), ["穿搭"]):
        having = [(text, name) for text, name, _fans in texts() if one.keyword in text]
        assert one.creators == len(having)
        assert one.share == round(len(having) / 400, 4)
        assert one.example == having[0][1]


def test_few_are_not_many():
    assert words(creators_min=300) == []
    assert suggest([], []) == []


def test_hostile_texts_are_read_like_others():
    hostile = ["\x00", "穿" * 5000, "=1+1", "\u202e反向\u202c", "", "🧋" * 300, "a" * 9000]
    assert suggest([(text, text, None) for text in hostile] * 6, [], creators_min=2) is not None
