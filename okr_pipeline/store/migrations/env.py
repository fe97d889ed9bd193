"""How Alembic runs here: on the connection it is given, whose transaction it shares."""

from alembic import context

from okr_pipeline.store.schema import metadata


def run() -> None:
    """Do what the command of `versions` asks for."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        transactional_ddl=True,
        render_as_batch=True,
    )
    context.run_migrations()


# Only Alembic has a configuration here; whoever else imports this (a collector of doctests, say) runs nothing.
if hasattr(context, "config"):
    run()
