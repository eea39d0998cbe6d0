"""Records of downloads that something else wrote."""

import pytest

from dslt.core.errors import DsltError
from dslt.data.downloads.ledger import Ledger


@pytest.mark.parametrize("text", ["{", '{"a":' * 20_000 + "1" + "}" * 20_000, "\0"], ids=len)
def test_records_that_are_no_json(tmp_path, text):
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / ".otb.json").write_text(text)
    with pytest.raises(DsltError, match=r"\.otb\.json: unreadable .*; remove it"):
        Ledger(tmp_path, "otb")
