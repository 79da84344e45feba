"""relintel.toml of the demo."""

from __future__ import annotations

from typing import Final

NAME: Final = "relintel.toml"
SOURCES: Final = {
    "support.mbox": "support",
    "community-slack.zip": "community",
    "survey.csv": "survey",
    "forum.xml": "forum",
    "chat.jsonl": "chat",
}
"""File → name of its source."""

TEXT: Final = """\
# The demo: an invented telecom, Corvenna, and its invented rival, Plinket.

[brands.Corvenna]
aliases = ["@corvenna", "Corvenna Home", "Corvenna Mobile", "My Corvenna"]
own = ["@corvenna.example", "Corvenna Team"]

[brands.Plinket]
aliases = ["@plinket", "Plinket Mobile"]
own = ["@plinket.example"]

[sources.support]
kind = "mbox"
name = "support"
path = "support.mbox"
brand = "Corvenna"
own = ["@corvenna.example"]

[sources.community]
kind = "slack"
name = "community"
path = "community-slack.zip"
brand = "Corvenna"
own = ["@corvenna.example"]

[sources.survey]
kind = "table"
name = "survey"
path = "survey.csv"
brand = "Corvenna"
channel = "survey"

[sources.survey.columns]
id = "response_id"
sent_at = "submitted_at"
address = "email"
customer = "customer_no"
rating = "nps"
brand = "brand"
text = "comment"

[sources.forum]
kind = "feed"
name = "forum"
path = "forum.xml"
brand = "Corvenna"
channel = "forum"
own = ["Corvenna Team"]

[sources.chat]
kind = "table"
name = "chat"
path = "chat.jsonl"
brand = "Corvenna"
channel = "chat"
own = ["@corvenna.example"]

[sources.chat.columns]
id = "id"
thread = "conversation"
sent_at = "ts"
direction = "role"
customer = "customer_no"
address = "email"
name = "name"
text = "text"
"""
