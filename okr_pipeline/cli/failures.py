"""What each kind of error says and exits with: the one place where errors meet people.

Belongs here: error → (message, exit code). Imported only once something failed.
"""

from sqlalchemy.exc import SQLAlchemyError

from connectors.errors import ConnectorError
from okr_pipeline.application.errors import ApplicationError
from okr_pipeline.config import ConfigurationError, VariableError
from okr_pipeline.store import StoreError

DONE, IN_PART, REFUSED, FAILED = 0, 1, 2, 3


def explained(error: Exception) -> tuple[str, int] | None:
    """The message and exit code of an error that is not a defect of ours; None for one that is."""
    match error:
        case ConfigurationError(problems=problems):
            count = (
                f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in the configuration; nothing was done."
            )
            return "\n".join([*(str(problem) for problem in problems), count]), REFUSED
        case ApplicationError() | ConnectorError() | VariableError():
            return str(error), REFUSED
        case StoreError():
            return str(error), FAILED
        case SQLAlchemyError():
            return f"The store failed: {str(error).splitlines()[0]}. `okr store doctor` looks into it.", FAILED
        case OSError():
            return f"{error.filename or 'A file'}: {error.strerror or error}.", FAILED
        case _:
            return None
