"""Steps and checks of one's own: found, trusted or not, loaded when a runbook names them, and held against what they promise.

Floor 4. Files are named by the setting `extensions`, packages by their entry points. Nothing of either is executed before a
runbook names something that does not come with runbook (`docs/decisions/052-*.md`).
"""

from engine.extensions.offered import Extensions, Offered
from engine.extensions.packages import Kind

__all__ = ["Extensions", "Kind", "Offered"]
