"""Control plane: FastAPI app, settings, auth, database, routes, rooms, command line."""
