"""Database: SQLite through SQLAlchemy, its schema by Alembic."""
