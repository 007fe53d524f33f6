"""The parts of README.md that kscan prints itself: help texts, and answers from the data that ships; what
needs the text of a kernel is asked of our small ones.

`python -m tests.readme` writes them; with --check it only says whether they are as they should be.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from kscan.cli.arguments import command_names
from tests.kernels import HISTORY, make_history

README = Path(__file__).parent.parent / "README.md"
_PART = re.compile(r"<!-- generated( from small kernels)?: (kscan .*?) -->\n.*?<!-- /generated -->", re.S)


def generated(text: str) -> str:
    """`text` with every generated part as the program prints it now."""
    with tempfile.TemporaryDirectory() as folder:
        repository = make_history(Path(folder, "linux.git"))
        small = {"KSCAN_HOME": f"{folder}/small", "KSCAN_DATA": ""}
        _run(small, ["fetch", *HISTORY, "--from", str(repository)])

        def part(found: re.Match[str]) -> str:
            home = small if found[1] else {"KSCAN_HOME": f"{folder}/none"}
            said = _run(home, shlex.split(found[2])[1:]).rstrip()
            block = f"```console\n$ {_shown(found[2])}\n{said}\n```"
            return f"<!-- generated{found[1] or ''}: {found[2]} -->\n{block}\n<!-- /generated -->"

        return _PART.sub(part, text)


def _shown(command: str) -> str:
    """A command as one types it: patterns quoted."""
    return " ".join(shlex.quote(word) for word in shlex.split(command))


def _run(home: dict[str, str], arguments: list[str]) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "KSCAN_DATA"}
    environment = {**kept, **home, "COLUMNS": "80", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-m", "kscan", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def main() -> int:
    """Writes README.md, or checks it; also that every command is documented."""
    text = README.read_text()
    undocumented = [name for name in command_names() if f"<!-- generated: kscan {name} --help -->" not in text]
    if undocumented:
        print(f"README.md says nothing of: {', '.join(undocumented)}", file=sys.stderr)
        return 1
    now = generated(text)
    if "--check" not in sys.argv:
        README.write_text(now)
    elif now != text:
        print("README.md is not what kscan prints; run: make readme", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
