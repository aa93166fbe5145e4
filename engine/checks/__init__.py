"""The registry of checks: a plain dict, so that a search finds every one. Floor 3."""

from __future__ import annotations

from typing import Any

from engine.checks.absent_from_drafts import CHECK as absent_from_drafts
from engine.checks.attributed_in_journal import CHECK as attributed_in_journal
from engine.checks.base import Check
from engine.checks.credits_came_back import CHECK as credits_came_back
from engine.checks.customer_matches import CHECK as customer_matches
from engine.checks.invoice_is_draft import CHECK as invoice_is_draft
from engine.checks.invoice_is_voidable import CHECK as invoice_is_voidable
from engine.checks.issued_as_confirmed import CHECK as issued_as_confirmed
from engine.checks.issuing_date_holds import CHECK as issuing_date_holds
from engine.checks.no_new_draft import CHECK as no_new_draft
from engine.checks.operator_has_role import CHECK as operator_has_role
from engine.checks.period_matches import CHECK as period_matches
from engine.checks.present_in_finalized import CHECK as present_in_finalized
from engine.checks.reason_given import CHECK as reason_given
from engine.checks.refresh_explained import CHECK as refresh_explained
from engine.checks.sync_is_fresh import CHECK as sync_is_fresh
from engine.checks.tax_ready import CHECK as tax_ready
from engine.checks.total_matches import CHECK as total_matches
from engine.checks.totals_add_up import CHECK as totals_add_up
from engine.checks.void_gives_back import CHECK as void_gives_back
from engine.checks.voided_as_confirmed import CHECK as voided_as_confirmed
from engine.checks.will_be_issued import CHECK as will_be_issued

REGISTRY: dict[str, Check[Any]] = {
    "operator_has_role": operator_has_role,
    "invoice_is_draft": invoice_is_draft,
    "sync_is_fresh": sync_is_fresh,
    "refresh_explained": refresh_explained,
    "customer_matches": customer_matches,
    "period_matches": period_matches,
    "tax_ready": tax_ready,
    "totals_add_up": totals_add_up,
    "total_matches": total_matches,
    "will_be_issued": will_be_issued,
    "issuing_date_holds": issuing_date_holds,
    "issued_as_confirmed": issued_as_confirmed,
    "absent_from_drafts": absent_from_drafts,
    "present_in_finalized": present_in_finalized,
    "attributed_in_journal": attributed_in_journal,
    "reason_given": reason_given,
    "invoice_is_voidable": invoice_is_voidable,
    "void_gives_back": void_gives_back,
    "voided_as_confirmed": voided_as_confirmed,
    "credits_came_back": credits_came_back,
    "no_new_draft": no_new_draft,
}
