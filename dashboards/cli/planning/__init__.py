"""``twin optimize KIND``: one file a kind of plan, each with a function ``command``."""
