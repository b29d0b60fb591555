"""Wording of answers, greetings and thanks; `{…}` are filled when the sentence is voiced."""

from __future__ import annotations

from pipelines.line import Lang

CALL: dict[Lang, tuple[str, ...]] = {
    "zh": ("{user}，", "回复{user}，", "{user}问得好，", "好的{user}，"),
    "en": ("{user}, ", "To {user}: ", "Good question {user}. ", "Sure {user}, "),
    "ja": ("{user}さん、", "{user}さんのご質問ですね。", "はい、{user}さん。"),
}
PHRASES: dict[str, dict[Lang, tuple[str, ...]]] = {
    "elsewhere": {
        "zh": ("{product}的话，", "说到{product}，", "如果是{product}，"),
        "en": ("for the {product}: ", "as to the {product}: "), "ja": ("{product}でしたら、", "{product}の場合は、"),
    },
    "price": {
        "zh": (
            "{product}现在是{price}。", "{product}直播间价格{price}。", "今天{product}是{price}。",
            "{product}的价格是{price}，商品卡上也写着。", "我看一下，{product}是{price}。",
        ),
        "en": (
            "the {product} is {price}.", "the {product} costs {price} here.", "it is {price} for the {product}.",
            "let me look: the {product} is {price}.", "you can have the {product} for {price}.",
        ),
        "ja": (
            "{product}は{price}です。", "{product}の価格は{price}です。", "{product}は、ただいま{price}でご案内しています。",
            "確認しますね、{product}は{price}です。",
        ),
    },
    "was": {
        "zh": ("平时是{was_price}。", "原价{was_price}。", "之前卖{was_price}。"),
        "en": ("It was {was_price} before.", "Before that it was {was_price}."),
        "ja": ("通常は{was_price}です。", "以前は{was_price}でした。"),
    },
    "no_deal": {
        "zh": ("{product}现在是{price}，以商品卡上的价格为准。",),
        "en": ("the {product} is {price}, as the card shows.",),
        "ja": ("{product}は{price}で、商品カードの価格の通りです。",),
    },
    "stock": {
        "zh": (
            "{product}还有{stock}。", "有货的，{product}还剩{stock}。", "{product}库存还有{stock}。",
            "我看了一下，{product}还剩{stock}。", "还有的，{product}现在有{stock}。",
        ),
        "en": (
            "yes, there are {stock} left of the {product}.", "the {product} is in stock, {stock} left.",
            "I can see {stock} left of the {product}.", "we still have {stock} of the {product}.",
        ),
        "ja": (
            "{product}は残り{stock}です。", "はい、{product}は在庫が{stock}あります。", "{product}はあと{stock}ございます。",
        ),
    },
    "sold_out": {
        "zh": ("{product}暂时卖完了，补货了会在直播间说。",), "en": ("the {product} is sold out for now.",),
        "ja": ("{product}は現在売り切れです。",),
    },
    "uncounted": {
        "zh": ("{product}现在可以下单，以商品卡为准。",), "en": ("you can order the {product} on the card below.",),
        "ja": ("{product}は商品カードからご注文いただけます。",),
    },
    "buy": {
        "zh": (
            "点屏幕下方的商品卡就可以下单。", "屏幕下面有商品卡，点进去就能下单。", "下单的话，点一下下方的商品卡。",
        ),
        "en": ("tap the product card below to order.", "you can order on the card at the bottom of the screen."),
        "ja": ("画面下の商品カードからご注文いただけます。", "ご注文は画面下の商品カードからどうぞ。"),
    },
    "human": {
        "zh": ("我是小店的AI数字人主播，不是真人，商品信息都来自店里的资料。",),
        "en": ("I am the shop's AI presenter, not a real person. What I tell you comes from the shop.",),
        "ja": ("私はお店のAI配信者で、人間ではありません。商品の情報はお店のものです。",),
    },
    "unknown": {
        "zh": (
            "这个问题我手上的资料里没有，已经帮你记下来，请店里的同事回复。",
            "这个我不敢乱说，先记下来，稍后请客服回复你。",
            "资料里没写到这一点，我记下来问一下店里。",
        ),
        "en": (
            "I don't have that in my notes. I have written it down for the shop.",
            "I don't want to guess. The shop will answer that one.",
        ),
        "ja": (
            "手元の資料にありませんので、お店に確認いたします。",
            "はっきり分からないので、お店の担当に伝えておきます。",
        ),
    },
    "hello": {
        "zh": ("{user}你好，欢迎来到{shop}。", "{user}来啦，随便看看，有问题就问我。"),
        "en": ("Hello {user}, welcome to {shop}.", "Hi {user}, ask me anything.", "Hello {user}, have a look around."),
        "ja": ("{user}さん、いらっしゃいませ。", "{user}さん、こんばんは。何でも聞いてください。"),
    },
    "join": {
        "zh": ("欢迎{user}。", "{user}来啦，欢迎欢迎。", "{user}好，进来坐坐。", "看到{user}了，欢迎。", "{user}，很高兴见到你。"),
        "en": ("Welcome {user}.", "Good to see you, {user}.", "{user} has joined us, welcome.", "Hello {user}, come in."),
        "ja": ("{user}さん、ようこそ。", "{user}さん、いらっしゃいませ。", "{user}さん、来てくださってうれしいです。"),
    },
    "gift": {
        "zh": ("谢谢{user}的礼物。", "感谢{user}的支持。", "收到{user}的礼物了，谢谢。", "{user}破费了，谢谢你。"),
        "en": ("Thank you for the gift, {user}.", "A gift from {user}, thank you.", "That is kind of you, {user}, thanks."),
        "ja": ("{user}さん、ギフトをありがとうございます。", "{user}さん、うれしいです、ありがとうございます。"),
    },
    "follow": {
        "zh": ("谢谢{user}的关注。", "感谢{user}点了关注，常来坐坐。", "{user}关注了我们，谢谢。", "看到{user}的关注了，以后常来。"),
        "en": ("Thanks for following, {user}.", "{user}, thank you for the follow.", "A new follower: welcome, {user}."),
        "ja": ("{user}さん、フォローありがとうございます。", "{user}さん、フォローしてくださってうれしいです。"),
    },
    "like": {
        "zh": ("谢谢{user}的点赞。", "看到大家的点赞了，谢谢。"), "en": ("Thanks for the likes, {user}.",),
        "ja": ("{user}さん、いいねをありがとうございます。",),
    },
    "thanks": {
        "zh": ("{user}不客气，有问题随时问。", "{user}客气啦，还想了解什么就打字。"),
        "en": ("You are welcome, {user}.", "Any time, {user}."),
        "ja": ("{user}さん、どういたしまして。", "{user}さん、こちらこそありがとうございます。"),
    },
    "foreign": {
        "zh": (
            "{user}，不好意思，这门语言我还不会，用中文问我好吗？", "{user}你好，你的话我看不太懂，可以用中文再问一次。",
            "欢迎{user}，我现在说中文，用中文打字我就能回答你。",
        ),
        "en": (
            "{user}, I am sorry, I don't speak that language yet. Could you ask in English?",
            "Welcome {user}. I can answer you if you write in English.",
        ),
        "ja": (
            "{user}さん、申し訳ありません、その言葉はまだ分かりません。日本語で聞いていただけますか。",
            "{user}さん、ようこそ。日本語で書いていただければお答えできます。",
        ),
    },
}
LIST: dict[Lang, str] = {"zh": "今天有{names}。", "en": "Today we have {names}.", "ja": "本日は{names}がございます。"}
COMPARE: dict[Lang, str] = {
    "zh": "这几款用处不一样，{names}都可以看看。", "en": "they are for different things: have a look at {names}.",
    "ja": "用途が違いますので、{names}をご覧ください。",
}
