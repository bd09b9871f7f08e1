"""Whatever is asked before it is saved can be answered, on a page and by a program."""

from pathlib import Path

import pytest

from app.domain.confirmation import Confirmation
from app.web.api.invoices import InvoiceEdit, InvoiceEntry
from app.web.api.payments import PaymentBatchEntry

TEMPLATES = Path(__file__).parents[3] / "app" / "templates"


@pytest.mark.parametrize("confirmation", Confirmation)
def test_every_confirmation_has_a_box_on_a_form(confirmation):
    forms = (page.read_text() for page in TEMPLATES.rglob("*.html"))

    assert any(f'parts.confirmation(fields, "{confirmation}"' in form for form in forms)


@pytest.mark.parametrize("confirmation", Confirmation)
def test_every_confirmation_is_a_field_that_programs_send(confirmation):
    models = (InvoiceEntry, InvoiceEdit, PaymentBatchEntry)

    assert any(confirmation in model.model_fields for model in models)
