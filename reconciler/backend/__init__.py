"""The wall to Docker: everything that speaks to an engine, and the only place where its errors are translated."""
