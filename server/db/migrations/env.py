"""Alembic's environment: one SQLite file, named by the caller."""

from alembic import context
from sqlalchemy import create_engine

from server.db.models import Base


def run() -> None:
    url = str(context.config.attributes["url"])
    engine = create_engine(url)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
