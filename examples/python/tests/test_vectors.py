"""The shared vectors. What was said is written to the folder TOLLGATE_TRANSCRIPTS, for `cargo xtask conformance`."""

import json
import os
import unittest
from pathlib import Path
from typing import Any

from tollgate import Module

from . import vector_types as types

VECTORS = Path(os.environ.get("TOLLGATE_VECTORS", Path(__file__).parents[3] / "tests/vectors"))
FORMATS_OF_THEIR_OWN = {"barrier", "cooldown", "feedback"}
STEPS_MIN = 600
"""Fewer, and the files have lost rows."""


class Vectors(unittest.TestCase):
    maxDiff = None

    def test_every_step_gives_the_decision_the_numbers_and_the_bytes_that_stand_there(self) -> None:
        self.module = Module()
        files = sorted(path for path in VECTORS.glob("*.json") if path.stem not in FORMATS_OF_THEIR_OWN)
        lines = [f"{path.stem}\t{line}\n" for path in files for line in self.run_file(path)]
        self.assertGreaterEqual(len(lines), STEPS_MIN)
        if folder := os.environ.get("TOLLGATE_TRANSCRIPTS"):
            (Path(folder) / "python.txt").write_text("".join(lines))

    def run_file(self, path: Path) -> list[str]:
        vectors = json.loads(path.read_text())["vectors"]
        return [line for vector in vectors for line in self.run_vector(vector)]

    def run_vector(self, vector: dict[str, Any]) -> list[str]:
        limits, record, lines = vector["policy"]["limits"], bytes.fromhex(vector.get("record", "01")), []
        for step in vector["steps"]:
            limits = step.get("policy", {}).get("limits", limits)
            policy = self.module.open([types.limit(fields) for fields in limits])
            operation = types.operation(step["operation"], [fields["name"] for fields in limits])
            decision = self.module.apply(policy, record, operation, types.nanos(step["now_ns"]))
            self.module.close(policy)
            said = types.said(decision, record)
            self.assertEqual(said, step["expect"], f"{vector['why']} {step['why']}")
            record = bytes.fromhex(said["record"])
            lines.append(json.dumps(said, sort_keys=True, separators=(",", ":")))
        return lines
