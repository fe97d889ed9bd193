"""${message}"""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What the newer schema adds."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Back to the schema before; what the newer one added is lost."""
    ${downgrades if downgrades else "pass"}
