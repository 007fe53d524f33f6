"""`python -m tests.fuzz SECONDS [LAW...]`: all laws by turns, each turn with another seed and more values than
the tests take, for about so many seconds. Prints how many values each was held against and what broke it,
smallest value last; exits 1 where anything did."""

import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter

from tests.fuzz.bounded import Broken
from tests.fuzz.laws import Law, run

TURN = 200


def laws() -> list[Law]:
    """Every law there is."""
    from tests.fuzz import test_archives, test_documents, test_headers, test_objects, test_words

    found = []
    for module in (test_headers, test_archives, test_objects, test_words, test_documents):
        found += module.LAWS
    return found


def turn(law: Law, seed: int, count: int) -> str | None:
    """What breaks a law in one turn; None where it holds."""
    try:
        run(law, count, seed=seed)
    except Exception as first:
        if isinstance(first, Broken) and first.hangs:
            return _said(first)
        try:
            run(law, count, seed=seed, shrink=True)
        except Exception as smallest:
            return _said(smallest)
        return _said(first)
    return None


def _said(error: BaseException) -> str:
    notes = "\n".join(getattr(error, "__notes__", ()))
    return f"{notes}\n{''.join(traceback.format_exception(error, limit=-3))}"


def main(words: list[str]) -> int:
    os.environ["KSCAN_DATA"] = ""
    seconds, wanted = float(words[0]), words[1:]
    chosen = [law for law in laws() if not wanted or law.name in wanted]
    counts: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    found: dict[tuple[str, str], str] = {}
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as home:
        os.environ["KSCAN_HOME"] = home
        while time.monotonic() < end:
            for law in chosen:
                start, seed = time.monotonic(), random.randrange(1 << 32)
                said = turn(law, seed, TURN)
                counts[law.name] += TURN
                spent[law.name] += round(time.monotonic() - start)
                last = said.strip().splitlines()[-1][:100] if said else ""
                if said and (law.name, last) not in found:
                    found[law.name, last] = said
                    print(f"--- {law.name}, seed {seed}\n{said}", flush=True)
    for law in chosen:
        broken = sum(name == law.name for name, _ in found)
        print(f"{law.name}: {counts[law.name]} values, {spent[law.name]} s, {broken} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["60"]))
