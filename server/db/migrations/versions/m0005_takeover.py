"""Takeover and slate of a room, and lines that are ready to be said."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("rooms", sa.Column("takeover", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("rooms", sa.Column("slate", sa.String(length=300), nullable=True))
    op.create_table("lines",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("room", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("lang", sa.String(length=8), nullable=True),
        sa.ForeignKeyConstraint(["room"], ["rooms.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_lines_room", "lines", ["room"])
