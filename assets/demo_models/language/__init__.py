"""The demo's language model: a corpus from a grammar of live selling, a tokenizer, training and judgement."""
