"""What each kind of error says and exits with: the one place where errors meet people.

Belongs here: error → (message, exit code). Imported only once something failed.
"""

import os
import traceback

from sqlalchemy.exc import SQLAlchemyError

from connectors.errors import ConnectorError
from okr_pipeline.application.errors import ApplicationError
from okr_pipeline.config.addresses import secrets_of_environment
from okr_pipeline.config.problem import ConfigurationError, VariableError
from okr_pipeline.store import StoreError, StoreExists

DONE, IN_PART, REFUSED, FAILED = 0, 1, 2, 3
_MOST_TOLD = 1000


def told(error: Exception) -> tuple[str, int]:
    """The message and exit code of an error, without what the environment keeps secret.

    Of a defect of ours it is the traceback.
    """
    secrets = secrets_of_environment(os.environ)
    message, code = explained(error) or ("".join(traceback.format_exception(error)), FAILED)
    return secrets.hidden(message), code


def explained(error: Exception) -> tuple[str, int] | None:
    """The message and exit code of an error that is not a defect of ours; None for one that is."""
    match error:
        case ConfigurationError(problems=problems):
            count = (
                f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in the configuration; nothing was done."
            )
            more = f"… and {len(problems) - _MOST_TOLD} more." if len(problems) > _MOST_TOLD else ""
            told = [*map(str, problems[:_MOST_TOLD]), more, count]
            return "\n".join(filter(None, told)), REFUSED
        case ApplicationError() | ConnectorError() | VariableError() | StoreExists():
            return str(error), REFUSED
        case StoreError():
            return str(error), FAILED
        case SQLAlchemyError():
            return f"The store failed: {str(error).splitlines()[0]}. `okr store doctor` looks into it.", FAILED
        case OSError():
            return f"{error.filename or 'A file'}: {error.strerror or error}.", FAILED
        case _:
            return None
