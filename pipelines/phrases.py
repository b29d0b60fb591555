"""Phrases: what the presenter says around scripts and facts when nobody has written it; `[a|b]` is one of the two.

Placeholders are those of scripts (scriptbook.py); `{question}`, `{answer}` and `{next}` are filled when one is chosen.
None of them holds a figure or a promise, so they are true in every room.
"""

from __future__ import annotations

from pipelines.line import Lang

Bank = dict[Lang, tuple[str, ...]]

PHRASES: dict[str, Bank] = {
    "naming": {
        "zh": (
            "[接下来|下面|好，那么]给大家[看看|讲讲|介绍一下]{product}。", "[我们换一款|换一样看看|往下走]，这是{product}。",
            "[说完了刚才那款|刚才的先放一放]，[来看|一起看看]{product}。", "[轮到|现在轮到]{product}了，[慢慢看|听我讲讲]。",
            "[把镜头给|让我拿出]{product}，[大家看一下|我们聊聊它]。",
        ),
        "en": (
            "[Next up|Coming up now] is the {product}.", "[Let me show you|Now let's look at] the {product}.",
            "[Moving on|On we go] to the {product}.", "[It's time for|Here comes] the {product}.",
        ),
        "ja": (
            "[続いては|次は]{product}を[ご紹介します|見ていきましょう]。", "[それでは|さて]、{product}の[お話です|番です]。",
            "[ここからは|次にお見せするのは]{product}です。",
        ),
    },
    "tongue": {
        "zh": ("[下面用中文|接下来换成中文]，[给大家讲讲|再说说]{product}。", "[说中文的朋友|中文的朋友们]，[我们来看|轮到]{product}了。"),
        "en": (
            "[Now in English|For everybody who speaks English], [here is|let me show you] the {product}.",
            "[Switching to English|In English now]: [this is|have a look at] the {product}.",
        ),
        "ja": ("[ここからは日本語で|次は日本語で]、{product}を[ご紹介します|お話しします]。",),
    },
    "again": {
        "zh": ("[刚才还没讲完的|前面讲到一半的]{product}，[我们接着说|接着给大家讲]。", "[回到|再回到]{product}，[把剩下的讲完|刚才还差一点]。"),
        "en": ("[Back to|Let's go back to] the {product}, [there was more to say|I had not finished].",),
        "ja": ("{product}の[続き|お話の続き]を[お伝えします|ご紹介します]。",),
    },
    "sold_out": {
        "zh": ("{product}[现在卖完了|暂时没有货了]，[补到货会在直播间说|先给大家看别的]。", "[想要|在等]{product}的朋友，它[目前卖完了|暂时缺货]。"),
        "en": ("The {product} is out of stock [for now|at the moment], [let's look at something else|I will tell you when it is back].",),
        "ja": ("{product}は[現在売り切れです|ただいま在庫がありません]。",),
    },
    "opening": {
        "zh": (
            "{hello}，欢迎来到{shop}，[我是AI数字人主播|我是小店的AI主播]。", "{hello}，这里是{shop}，[屏幕上写着|先说明一下]，我是AI主播。",
        ),
        "en": ("{hello} and welcome to {shop}, I am [the shop's AI presenter|an AI presenter].",),
        "ja": ("{hello}、{shop}へようこそ、[私はお店のAI配信者です|AI配信者がご案内します]。",),
    },
    "teaser": {
        "zh": (
            "[待会儿|等一下|稍后]会讲到{product}，[先说一点|先透露一句]，{fact}", "[后面还有|别急着走，后面有]{product}，{fact}",
            "[想看|喜欢]{product}的朋友[留一下|稍等]，{fact}",
        ),
        "en": ("[Later on|Coming up later] there is the {product}: {fact}", "[Stay for|Don't miss] the {product}: {fact}"),
        "ja": ("[のちほど|このあと]{product}も[ご紹介します|登場します]。{fact}",),
    },
    "lead": {
        "zh": (
            "[另外跟大家说一下|顺便再说一句|还有一点要讲]，", "[很多朋友都关心的是|大家问得比较多的是|常被问到的是]，",
            "[刚进来的朋友听一下|刚来的朋友可以记一下|没听到的朋友注意了]，", "[如果你在意细节的话|在意细节的朋友|喜欢研究的朋友]，",
            "[我再帮大家总结一下|给大家划个重点吧|我再强调一遍]，", "[资料上写得很清楚|商品资料里写着|我照着资料念]，",
            "[拿在手里看的话|用起来的时候你会发现|实际用的时候]，", "[要说它的特点|说到它的特点呢|它让我记住的地方是]，",
            "[说实话我挺喜欢这一点|这一点值得说一说|这里要多讲一句]，", "[买之前先了解一下|下单之前大家先听我说|先别急着拍，听我说]，",
        ),
        "en": (
            "[One more thing worth knowing|Here is something worth knowing]: ", "[People often ask me about this|You asked about it before]: ",
            "[If you have just joined us|For everybody who has just come in]: ", "[Let me say it once more for everyone|To sum that up for you]: ",
            "[The notes from the shop are clear on this|I read it here in my notes]: ", "[Before you decide, keep this in mind|Before you order, listen to this]: ",
            "[What I like to remember about it is this|What makes it special to me]: ",
        ),
        "ja": (
            "[もう一つお伝えしたいのは|さらにお伝えしますと]、", "[よくご質問をいただくのですが|皆さまが気にされる点ですが]、",
            "[今いらした方にもう一度|はじめての方へお伝えしますと]、", "[商品の資料によりますと|お店の資料を見ますと]、",
            "[ご注文の前に知っていただきたいのは|お買い物の前にご確認ください]、", "[ここが大切なところですが|ポイントをまとめますと]、",
        ),
    },
    "price": {
        "zh": (
            "[直播间价格是|现在的价格是|今天的价格是]{price}。", "[说到价格|价格方面]，{product}[现在是|是]{price}。",
            "[想知道价格的朋友|问价格的朋友看这里]，{product}{price}。", "{product}[的价格|的直播间价]是{price}，[商品卡上也写着|跟商品卡上一样]。",
            "[喜欢这一款的话|心动的话]，[现在下单|直接拍]是{price}。", "[再报一次价格|给刚来的朋友报个价]，{product}，{price}。",
        ),
        "en": ("[The price here is|Right now it is|Today it is] {price}.", "[As for the price|About the price], the {product} is {price}."),
        "ja": ("[価格は|ライブ価格は|本日の価格は]{price}です。", "{product}は{price}で[ご案内しています|お求めいただけます]。"),
    },
    "stock": {
        "zh": ("[库存还有|现在还剩]{stock}，[喜欢的慢慢看|不用着急]。", "{product}[现在有货|可以下单]，[还有|库存]{stock}。"),
        "en": ("[There are|We have] {stock} left [in stock|at the moment].",),
        "ja": ("[在庫は|残りは]{stock}です。",),
    },
    "asked": {
        "zh": ("[有朋友问过|常有人问我|之前有人问]，{question}？", "[公屏上问得多的一个问题|大家常问的一个问题]，{question}？", "[再说一个大家关心的|有位朋友想知道]，{question}？"),
        "en": ("[People often ask me|Somebody asked me before]: {question}?", "[A question I hear a lot|Another question for you]: {question}?"),
        "ja": ("[よくいただくご質問です|こんなご質問がありました]、{question}。", "[皆さまからのご質問で多いのは|以前のご質問ですが]、{question}。"),
    },
    "question_time": {
        "zh": (
            "[现在|接下来]是[答疑时间|问答时间]，[有什么想问的|有问题的朋友][打在公屏上|发在公屏上就行]。",
            "[先停一停|讲到这里]，[轮到你们问我了|我来回答大家的问题]，[想到什么问什么|打在公屏上]。",
            "[下面几分钟|这一会儿]留给[大家的问题|提问的朋友]，[我一条一条看|发出来我就答]。",
        ),
        "en": (
            "[It's time for your questions|Now it is your turn], [just type them in the chat|write whatever you want to know].",
            "[Let me stop here for a moment|I take a break from selling], [what would you like to ask|the floor is yours].",
            "[The next minutes are yours|I keep these minutes for you], [send me your questions|ask and I will answer].",
        ),
        "ja": (
            "[ここで|これから]ご質問の時間にいたします、[コメントでお寄せください|何でも聞いてください]。",
            "[少し手を止めて|ここからしばらく]、皆さまの[ご質問にお答えします|お声をうかがいます]。",
        ),
    },
    "prompt": {
        "zh": (
            "[想了解哪一款|对哪款感兴趣|哪一款没听清]，[打在公屏上告诉我|直接发出来|可以问我]。", "[肤质、用法、保质期|成分、用法、价格|怎么选、怎么用]，[都可以问|想到什么问什么]。",
            "[不好意思打字的朋友|第一次来的朋友|刚进来的朋友]，[点个赞让我看到你|问一句也没关系|随便问问也行]。",
            "[我在看公屏|公屏我一直看着|我盯着公屏呢]，[问题发出来我就回答|谁先问我就先答谁|看到就回]。",
            "[买之前有顾虑|拿不定主意|还在犹豫]的话，[先问清楚再说|跟我说说你的情况|把顾虑打出来]。", "[上一个问题|刚才的问题][听明白了吗|说清楚了吗]，[还有疑问就接着问|不清楚我再讲一遍]。",
        ),
        "en": (
            "[Whichever one you would like to hear about|Whatever you would like to know|If I missed a question], [just type it|tell me in the chat].",
            "[Ingredients, use, price|How to use it or what is in it]: [you may ask me anything|ask whatever comes to mind].",
            "[I am watching the chat|The chat is open in front of me], [send your question|the next question is yours].",
            "[Not sure yet|Still thinking about it]? [Ask before you order|Tell me what is holding you back].",
            "[If something was unclear|If I went too fast|If you came in late], [let me know and I say it again|ask me to repeat it].",
            "[First time here|Too shy to type|Only watching]? [A short question is enough|Even one word will do|I am happy to explain from the start].",
            "[Tell me what you use now|Tell me what your skin is like|Tell me who it is for], [and I will look in my notes|and we see what fits].",
        ),
        "ja": (
            "[気になる商品がありましたら|どれか気になったら|もっと知りたい商品があれば]、[コメントで教えてください|お気軽に書いてください|私に聞いてみてください]。",
            "[使い方でも成分でも|どんな小さなことでも|お値段のことでも]、[お聞きください|コメントしてくださいね|すぐにお答えします]。",
            "[コメントを見ています|コメント欄を見ながらお待ちしています|画面の前でお待ちしています]、[ご質問をどうぞ|何でもどうぞ|お声をかけてください]。",
            "[迷っている方は|まだお決まりでない方は|はじめての方は]、[何が気になるか教えてください|一緒に考えましょう|まず質問してみてください]。",
            "[さきほどの説明で|ここまでのお話で|今の商品について]、[分からない所はありましたか|もう一度聞きたい所はありますか]。",
            "[お肌のお悩みや|普段の使い方や|選び方のご相談や]、[お好みを教えていただければお答えします|気になる点を書いてみてください]。",
        ),
    },
    "call": {
        "zh": (
            "[喜欢的朋友|看中的朋友|想要的朋友]，[点下方的商品卡|商品卡在屏幕下方]，[价格和库存都在上面|里面写得清清楚楚]。",
            "[想好了再拍|看清楚再下单|不着急]，[有问题先问我|拿不准就打在公屏上]。", "[觉得合适|觉得不错]的话，[商品卡里可以下单|点开商品卡看看详情]。",
        ),
        "en": (
            "[If you like it|If it suits you], [tap the product card below|the product card is right below].",
            "[Take your time|There is no hurry], [ask me first if you are not sure|the card shows price and stock].",
        ),
        "ja": ("[気になった方は|よろしければ]、[画面下の商品カードをご覧ください|商品カードからどうぞ]。", "[ゆっくりお選びください|お急ぎにならず]、[ご不明な点はコメントでどうぞ|まずはご質問ください]。"),
    },
    "coming": {
        "zh": ("[马上要讲的是|接下来要看的是|一会儿给大家讲]{next}，[别走开|稍等我一下]。",),
        "en": ("[Coming up in a moment|Next in line] is the {next}, [stay with me|don't go away].",),
        "ja": ("[まもなく|このあとすぐ]{next}の[ご紹介です|お話です]。",),
    },
    "recap": {
        "zh": (
            "[回顾一下|再过一遍]，{product}，[现在是|直播间]{price}。", "[刚才讲过的|前面看过的]{product}，{price}，[喜欢的点商品卡|还想听可以叫我再讲]。",
        ),
        "en": ("[Once more|To look back]: the {product}, {price}.",),
        "ja": ("[おさらいです|振り返りますと]、{product}は{price}です。",),
    },
    "closing": {
        "zh": ("[好，这一轮|那么这一轮]就[讲到这里|先到这里]，[谢谢大家陪着我|谢谢每一位看到现在的朋友]。", "[今天的几款|该讲的]都[讲了一遍|过了一遍]，[辛苦大家了|谢谢你们一直在]。"),
        "en": ("[That was everything for this round|So much for this round], [thank you for staying with me|thanks for being here].",),
        "ja": ("[ひと通り|今回の商品は以上で]ご紹介しました。[お付き合いありがとうございます|ご覧いただきありがとうございます]。",),
    },
    "break": {
        "zh": (
            "[我们休息一小会儿|我喝口水|先歇一歇]，[马上接着讲|一会儿回来]。", "[大家也起来走走|你们也喝口水|活动活动肩膀]，[我一直在这里|我们不着急]。",
            "[趁这会儿|休息的时候]，[可以翻翻商品卡|想想要问我什么]。", "[安静一会儿也好|慢慢来]，[有问题随时叫我|想到了就问]。",
        ),
        "en": (
            "[We take a short break|Time for a sip of water], [I will be right back|we go on in a moment].",
            "[Stretch a little|Have some tea yourself], [I am not going anywhere|there is no hurry].",
            "[Meanwhile|While we rest], [have a look at the product cards|think of what you want to ask].",
        ),
        "ja": (
            "[少し休憩します|お水を一口いただきます]、[すぐに戻ります|このあとも続きます]。", "[皆さまも|ご覧の皆さまも]、[どうぞ一息ついてください|楽な姿勢でどうぞ]。",
            "[この間に|お待ちの間]、[商品カードをご覧ください|ご質問を考えてみてください]。",
        ),
    },
    "idle": {
        "zh": (
            "[我在呢|我一直在这里|我就在这儿]，[有什么想聊的吗|想问什么都可以|随便聊聊也好]。", "[路过的朋友|刚进来的朋友|悄悄看着的朋友]，[可以先坐一会儿|打个招呼吧|欢迎你们]。",
            "[这里是{shop}|欢迎来到{shop}]，[慢慢看|不着急|有事叫我]。", "[公屏|评论区][很安静|还空着|静悄悄的]，[你来说第一句|谁想先说说|等你开口]。",
            "[今天过得怎么样|忙了一天吧|吃过饭了吗]，[跟我说说|坐下来歇一会儿|聊两句吧]。", "[想听什么|想看什么|有什么好奇的]，[告诉我就行|打几个字给我|我都愿意讲]。",
            "[觉得无聊的话|安静的时候|闲着的时候]，[我们可以聊聊天|就随便问我点什么|我陪着大家]。", "[谢谢陪着我的每一位|谢谢还在看的朋友|有人在就好]，[我们慢慢来|别急着走|一会儿再看]。",
        ),
        "en": (
            "[I am right here|I am still here|Here I am], [say hello if you like|ask me anything|let's have a chat].",
            "[Just passing by|New here|Watching quietly]? [Have a seat|You are welcome|Make yourself at home].",
            "[The chat is quiet|It is calm in here|Nobody is typing], [you could go first|who wants to begin|I am listening].",
            "[How was your day|Had a long day|Are you comfortable]? [Tell me about it|Rest here for a while|Stay a little].",
            "[This is {shop}|Welcome to {shop}], [take your time|look around|stay as long as you like].",
            "[Thanks for keeping me company|Good to have you here|Thank you for watching], [stay as long as you like|we take it slowly].",
        ),
        "ja": (
            "[ここにおりますので|私はここにいます|お待ちしています]、[お気軽にどうぞ|何でも話しかけてください|ご挨拶だけでも嬉しいです]。",
            "[はじめての方も|通りすがりの方も|ご覧の皆さま]、[ごゆっくりどうぞ|楽にしてくださいね|ようこそ]。",
            "[コメント欄は静かですね|静かな時間ですね|今は落ち着いていますね]、[一言いかがですか|どなたか話しませんか]。",
            "[今日はどんな一日でしたか|お疲れではありませんか|お茶でもいかがですか]、[少しお話ししましょう|休んでいってください]。",
            "[{shop}です|こちらは{shop}です]、[ゆっくりご覧ください|急がなくて大丈夫です]。",
        ),
    },
    "go_on": {
        "zh": (
            "好,我们接着说。", "那我们继续刚才的话题。", "好嘞,接着刚才的讲。", "回到刚才说的。", "我们接着往下看。", "[刚才|前面]说到哪了,[对,接着讲|我们继续]。",
            "[回答完了|问题答好了],[继续往下说|我们往下走]。", "[话说回来|说回正题],[我们继续看|接着刚才那句]。", "[谢谢提问|问得好],[我把刚才的讲完|我们往下看]。",
            "[还有问题接着发|问题随时发过来],[我先往下讲|我先讲完这段]。", "[嗯|好的],[刚才那段还没说完|接着往下讲]。", "[聊完这个|答完这条],[回到产品上来|继续给大家介绍]。",
        ),
        "en": (
            "Now, back to where we were.", "Let's carry on.", "Alright, where were we?", "Back to what I was saying.",
            "[Good questions|Thanks for asking], [on we go|let's continue].", "[So much for that|That was the question]. [Let me finish|I was not done yet].",
            "[Keep the questions coming|Ask any time], [I go on meanwhile|I will carry on here].", "[Right|Okay], [back to the product|as I was saying].",
        ),
        "ja": ("では、続きをお話ししますね。", "それでは、先ほどの続きです。", "はい、お話を続けますね。", "[ご質問ありがとうございました|さて]、[続きです|お話に戻ります]。",
            "[質問はいつでもどうぞ|コメントはいつでもどうぞ]、[先へ進みますね|続けますね]。", "[話を戻して|商品の話に戻って]、[ご紹介を続けます|もう少しお話しします]。"),
    },
}
"""What is said, by occasion and language."""

HELLO: dict[Lang, tuple[tuple[int, str], ...]] = {
    "zh": ((5, "早上好"), (9, "上午好"), (11, "中午好"), (13, "下午好"), (18, "晚上好"), (23, "夜深了，大家好")),
    "en": ((5, "Good morning"), (12, "Good afternoon"), (18, "Good evening")),
    "ja": ((5, "おはようございます"), (11, "こんにちは"), (18, "こんばんは")),
}
"""How one greets from which hour on."""
TIMELESS: dict[Lang, str] = {"zh": "大家好", "en": "Hello", "ja": "皆さま、ようこそ"}


def hello(lang: Lang, hour: int | None) -> str:
    """The greeting of the hour (0..23)."""
    if hour is None:
        return TIMELESS[lang]
    due = [text for since, text in HELLO[lang] if hour >= since]
    return due[-1] if due else HELLO[lang][-1][1]
