"""``python build.py PLUGIN_DIR -o OUT.wasm``, in a checkout and with a Python that has the packages of ``requirements.lock``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from gantry_build.__main__ import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
