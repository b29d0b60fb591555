"""Adapters, personas, schedules, activations; what a room wears."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("rooms", sa.Column("worn", sa.JSON(), nullable=True))
    op.add_column("rooms", sa.Column("worn_before", sa.JSON(), nullable=True))
    op.create_table("adapters",
        sa.Column("id", sa.String(length=48), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("head", sa.JSON(), nullable=False),
        sa.Column("trigger_words", sa.JSON(), nullable=False),
        sa.Column("licence", sa.String(length=200), nullable=False),
        sa.Column("likeness", sa.String(length=16), nullable=False),
        sa.Column("consent", sa.JSON(), nullable=True),
        sa.Column("sample_state", sa.String(length=16), nullable=False),
        sa.Column("sample_line", sa.Text(), nullable=False),
        sa.Column("created", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256")
    )
    op.create_table("personas",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("voice", sa.String(length=80), nullable=False),
        sa.Column("look_id", sa.String(length=40), nullable=True),
        sa.Column("mood", sa.String(length=16), nullable=False),
        sa.Column("rest_s", sa.Float(), nullable=False),
        sa.Column("visual_id", sa.String(length=48), nullable=True),
        sa.Column("visual_weight", sa.Float(), nullable=False),
        sa.Column("language_id", sa.String(length=48), nullable=True),
        sa.Column("language_weight", sa.Float(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("greeting", sa.String(length=300), nullable=False),
        sa.Column("colour", sa.String(length=9), nullable=False),
        sa.Column("created", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_table("schedules",
        sa.Column("room", sa.String(length=40), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["room"], ["rooms.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("room")
    )
    op.create_table("activations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("room", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("created", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["room"], ["rooms.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key")
    )
    op.create_index("activation_room", "activations", ["room", "created"])
