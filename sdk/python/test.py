"""An author's tests without a host: ``python test.py PLUGIN_DIR``.

Every ``test_*.py`` in the folder's ``tests`` is run by ``unittest``, with the contract's types at hand. What the host brings raises
``NotImplementedError``: a test puts what it needs in its place by ``unittest.mock.patch``.
"""

import sys
import unittest
from pathlib import Path

SDK = Path(__file__).resolve().parent


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    for path in (SDK / "stubs", SDK / "src", folder / "src"):
        sys.path.insert(0, str(path))
    tests = unittest.defaultTestLoader.discover(str(folder / "tests"))
    if tests.countTestCases() == 0:
        print(f"error: there is no test below {folder / 'tests'}", file=sys.stderr)
        return 1
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    print(f"# pass {result.testsRun - failed}\n# fail {failed}")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
